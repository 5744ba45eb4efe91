import type { Line } from '../parser.ts';

/** One line as the tool printed it, and the physical lines over which a mail program or terminal broke it. */
export interface LogicalLine extends Line {
  readonly parts: readonly Line[];
}

/** How lines of a format are known to be broken, and to be whole again. */
export interface Wrapping {
  /** Whether a line is the beginning of something that must go on. */
  readonly isBroken: (text: string) => boolean;
  readonly isWhole: (text: string) => boolean;
  /** Whether a line begins something of its own, so that it continues nothing. */
  readonly begins: (text: string) => boolean;
}

/** A line of 72 columns holds most frames in two pieces; a long path makes it three. */
const MOST_PIECES = 4;

/** Puts broken lines together. Each line is looked at a bounded number of times. */
export function rejoinLines(lines: readonly Line[], wrapping: Wrapping): LogicalLine[] {
  const joined: LogicalLine[] = [];
  for (let index = 0; index < lines.length; ) {
    const whole = rejoinAt(lines, index, wrapping);
    joined.push(whole.line);
    index = whole.next;
  }
  return joined;
}

interface Rejoined {
  readonly line: LogicalLine;
  readonly next: number;
}

function rejoinAt(lines: readonly Line[], at: number, wrapping: Wrapping): Rejoined {
  const first = lines[at] ?? { text: '', number: 0 };
  const alone = { line: { ...first, parts: [first] }, next: at + 1 };
  if (first.text === '' || !wrapping.isBroken(first.text)) return alone;
  const parts = [first];
  let text = first.text;
  for (let next = at + 1; next < lines.length && parts.length < MOST_PIECES; next += 1) {
    const piece = lines[next];
    if (piece === undefined || wrapping.begins(piece.text)) break;
    const continuation = piece.text.trim();
    if (continuation === '') continue;
    parts.push(piece);
    // A terminal breaks anywhere and loses nothing; a mail program breaks at a space and loses it.
    const glued = text + continuation;
    const spaced = `${text} ${continuation}`;
    for (const candidate of [glued, spaced]) {
      if (wrapping.isWhole(candidate))
        return { line: { text: candidate, number: first.number, parts }, next: next + 1 };
    }
    text = glued;
  }
  return alone;
}

/** Feeds lines to a reader that says whether it used each; returns the non-blank ones that it did not. */
export function collectSkipped(lines: readonly LogicalLine[], use: (line: LogicalLine) => boolean): Line[] {
  return lines.filter((line) => line.text.trim() !== '' && !use(line)).flatMap(({ parts }) => parts);
}

/** The lines as they are, for formats that nobody wraps. */
export function asLogicalLines(lines: readonly Line[]): LogicalLine[] {
  return lines.map((line) => ({ ...line, parts: [line] }));
}

/** The first non-blank line after `at`, looking at most a few lines ahead: some converters put blanks between all lines. */
export function nextText(lines: readonly Line[], at: number): string | undefined {
  for (let index = at + 1; index <= at + 3; index += 1) {
    const text = lines[index]?.text;
    if (text === undefined) return undefined;
    if (text.trim() !== '') return text;
  }
  return undefined;
}
