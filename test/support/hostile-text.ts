import fc from 'fast-check';

/** Any code units, also halves of pairs, controls and bidi overrides more often than chance would have them. */
export const HOSTILE = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\x1b[2J',
        '\x1b]0;x\x07',
        '\x9b31m',
        '\r',
        '\n',
        '\t',
        '\x00',
        '\x7f',
        '\u202e',
        '\u2066',
        '\u200b',
        '\u2028',
        '\ud800',
        '\udc00',
        '\ufeff',
        '\u{e0041}',
      ),
    ),
  )
  .map((parts) => parts.join(''));
