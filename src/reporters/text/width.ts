import stringWidth from 'string-width';

/** Nearly all text: one column a character. With the signs that the report draws itself, since the first look at an emoji takes 20 ms. */
const PLAIN = /^[\x20-\x7e…⋯▶└─→’]*$/;

/** Columns that a text takes on a terminal: wide characters take two, combining ones none. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}
