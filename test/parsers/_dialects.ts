import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanLines } from '../../src/input/clean.ts';
import type { Thread } from '../../src/model/thread.ts';
import type { Line, Parsed, TextParser } from '../../src/parsers/parser.ts';

const FORMATS = join(import.meta.dirname, '../../fixtures/formats');

interface FormatCase {
  readonly name: string;
  readonly text: string;
  readonly expected: unknown;
}

function casesOf(format: string): FormatCase[] {
  const folder = join(FORMATS, format);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({
      name,
      text: readFileSync(join(folder, name, 'dump.txt'), 'utf8'),
      expected: JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')),
    }));
}

/** A text as a parser gets it, without the repairs that the input layer makes. */
export function parseText(parser: TextParser, text: string): Parsed {
  return parser.parse({ source: 'dump.txt', lines: cleanLines(text) });
}

/** The threads of all processes, in order. */
export function threadsOf(parsed: Parsed): Thread[] {
  return parsed.processes.flatMap(({ threads }) => threads);
}

/** "wait, get, run": the names on a stack, innermost first. */
export function namesOf(thread: Thread | undefined): string[] {
  return thread?.frames.map((frame) => frame.function) ?? [];
}

/** The claim on the first non-blank line of a text. */
export function claimOf(parser: TextParser, text: string): string {
  const lines = cleanLines(text);
  return parser.opens(
    lines,
    Math.max(
      0,
      lines.findIndex((line) => line.text.trim() !== ''),
    ),
  );
}

/** What every dialect must hold, on all of its fixtures. */
export function describeDialect(parser: TextParser, { cuts = true }: { cuts?: boolean } = {}): void {
  describe.each(casesOf(parser.format))('$name', ({ text, expected }) => {
    test('reads as expected.json says', () => {
      expect(JSON.parse(JSON.stringify(parseText(parser, text)))).toEqual(expected);
    });

    test('is claimed', () => {
      const lines = cleanLines(text);
      expect(lines.some((_, at) => parser.opens(lines, at) !== 'no')).toBe(true);
    });

    test('reads the same with CRLF', () => {
      expect(parseText(parser, text.replaceAll('\n', '\r\n'))).toEqual(parseText(parser, text));
    });

    test.runIf(cuts)('keeps the threads before a cut', () => {
      keepsThreadsBeforeCut(parser, cleanLines(text));
    });
  });

  describe('any text', () => {
    test('never makes it throw, and is used or listed as skipped', () => {
      const vocabulary = casesOf(parser.format).flatMap(({ text }) => text.split('\n'));
      const line = fc.oneof(fc.string(), fc.constantFrom('', ...vocabulary), shuffled(vocabulary));
      fc.assert(
        fc.property(fc.array(line, { maxLength: 40 }), (texts) => {
          const lines = cleanLines(texts.join('\n'));
          lines.forEach((_, at) => {
            parser.opens(lines, at);
          });
          const { skipped } = parser.parse({ source: 'dump.txt', lines });
          expect(skipped.every(({ number }) => lines.some((given) => given.number === number))).toBe(true);
        }),
      );
    });
  });
}

/** Halves of two real lines glued together: nearly right is the hardest. */
function shuffled(vocabulary: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom('', ...vocabulary);
  return fc.tuple(piece, piece, fc.double({ min: 0, max: 1, noNaN: true })).map(([one, other, part]) => {
    return one.slice(0, Math.floor(one.length * part)) + other.slice(Math.floor(other.length * part));
  });
}

function keepsThreadsBeforeCut(parser: TextParser, lines: readonly Line[]): void {
  const whole = new Map(
    threadsOf(parser.parse({ source: 'dump.txt', lines })).map((thread) => [keyOf(thread), thread]),
  );
  const step = Math.max(1, Math.floor(lines.length / 150));
  for (let end = 0; end < lines.length; end += step) {
    const threads = threadsOf(parser.parse({ source: 'dump.txt', lines: lines.slice(0, end) }));
    for (const thread of threads.slice(0, -1)) expect(thread.frames).toEqual(whole.get(keyOf(thread))?.frames);
  }
}

function keyOf({ id, place }: Thread): string {
  return `${id} ${place.line}`;
}
