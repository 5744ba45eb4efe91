/** A prefix that cannot be cut into words. */
export interface BadWords {
  readonly problem: string;
}

/**
 * Cuts a command into words by the quoting rules of a shell, and nothing else of it: no variables, no wildcards, no
 * operators. `kubectl exec 'my pod' --` has four words.
 */
export function splitWords(text: string): readonly string[] | BadWords {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (character === '\\' && quote === '"' && /["\\$`]/.test(text[at + 1] ?? '')) word += text[++at] ?? '';
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (character === '\\') {
      if (at + 1 === text.length) return { problem: 'it ends in a backslash' };
      word = `${word ?? ''}${text[++at]}`;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${character}`;
  }
  if (quote !== undefined) return { problem: `a quotation mark (${quote}) is not closed` };
  if (word !== undefined) words.push(word);
  return words.length === 0 ? { problem: 'it is empty' } : words;
}
