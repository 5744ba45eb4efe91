import { type Frame, makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import type { Wrapping } from './logical-lines.ts';

// "  File "/srv/net.py", line 40, in read". Markdown without a fence eats `<module>`: nothing may stand after `in`.
const FRAME = /^\s*File "(?<file>.*)", line (?<line>\d+|\?+), in(?: (?<function>.*))?$/;

// The first words of a frame, whether or not the rest stands on the same line.
const BEGINNING = /^\s*File "/;

// "  File "/srv/net.py", line 40, in" with the name on the next line.
const NAME_MISSING = /, in$/;

/** Reads a frame in the form of the traceback module: with a comma before `in`. */
export function parseTracebackFrame(text: string, place: Place): Frame | undefined {
  const found = FRAME.exec(text)?.groups;
  if (found === undefined) return undefined;
  return makeFrame({
    language: 'python',
    function: (found.function ?? '').trim(),
    file: found.file,
    line: parseLineNumber(found.line),
    place,
  });
}

export function isTracebackFrame(text: string): boolean {
  return FRAME.test(text);
}

/** Line 0 and question marks stand for "unknown". */
export function parseLineNumber(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Frames broken by a mail program or a terminal: the pieces are glued until they make a frame. */
export const TRACEBACK_WRAPPING: Wrapping = {
  isBroken: (text) => BEGINNING.test(text) && (!FRAME.test(text) || NAME_MISSING.test(text)),
  // A lone name only: what follows a nameless frame may as well be its source line.
  isWhole: (text) => FRAME.test(text) && /, in <?[\w.]+>?$/.test(text),
  begins: (text) => BEGINNING.test(text),
};
