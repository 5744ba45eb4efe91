import { maskSecrets } from './secrets.ts';

/**
 * Text of a dump, made fit to be shown on one line: secrets masked, and whatever could move the cursor, reorder or hide
 * text made visible as `\x1b` or `\u202e`. Every string that comes from a dump passes through here on its way to a person.
 */
export function clean(text: string): string {
  return neutralise(maskSecrets(text));
}

/**
 * Tabs and line breaks become blanks, other unprintable characters their escapes. Unprintable are:
 * C0 and C1 controls (terminal escapes), surrogates without a partner, format characters (bidi overrides and isolates,
 * zero-width and tag characters), private use, and the two Unicode line separators.
 */
export function neutralise(text: string): string {
  return text.replace(/[\t\n\r]+/g, ' ').replace(UNPRINTABLE, (character) => escapeCharacter(character));
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufff9-\uffff\u{1d173}-\u{1d17a}]/gu;

/** The same for terminals that show only ASCII: the usual signs get their look-alikes, all else its escape. */
export function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e\n]/gu, (character) => LOOK_ALIKES[character] ?? escapeCharacter(character));
}

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  '…': '...',
  '⋯': '...',
  '→': '->',
  '⇒': '=>',
  '–': '-',
  '—': '-',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '·': '-',
  '×': 'x',
  '▶': '>',
  '\u00a0': ' ',
};

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}
