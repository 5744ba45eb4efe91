/** A text from a target on one line: what a terminal or a line-wise reader would take for more is shown as an escape. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => ESCAPES[character] ?? escapeOf(character));
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** A command line as a person would type it: words with blanks or signs in them are quoted. */
export function showCommand(words: readonly string[]): string {
  return words.map((word) => oneLine(/^[\w@%+=:,./~[\]-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

/** Quoted for a POSIX shell. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
