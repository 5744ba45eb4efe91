const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;

/**
 * Index of the last character of the string or character literal that opens at `at`; `at` itself when none does,
 * or when it never closes: representations of Python objects are cut at 1024 characters, quotes and all.
 *
 * A quote after a backslash opens nothing. So after one that never closes no other of its kind is tried,
 * which keeps every scan linear.
 */
export function skipQuoted(text: string, at: number): number {
  const kind = text.charCodeAt(at);
  if (!opensQuote(text, at, kind)) return at;
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === BACKSLASH) next++;
    else if (code === kind) return next;
  }
  return at;
}

/** The apostrophe of "Couldn't get registers" is none; those of `b'x'`, `L'x'` and `40 '('` are. */
export function opensQuote(text: string, at: number, kind: number): boolean {
  if (kind !== QUOTE && kind !== APOSTROPHE) return false;
  if (text.charCodeAt(at - 1) === BACKSLASH) return false;
  return kind === QUOTE || !isWord(text.charCodeAt(at - 1)) || !isWord(text.charCodeAt(at - 2));
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}
