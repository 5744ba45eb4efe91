import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PARSERS } from '../../src/generated/parsers.ts';
import { readInput } from '../../src/input/read.ts';
import { realDumps } from '../support/dumps.ts';

/** What was read, without the places, which change with what stands around a dump. */
function content(text: string): string {
  const { dumps } = readInput({ name: 'test', text }, PARSERS);
  return JSON.stringify(
    dumps.map(({ format, processes }) => ({ format, processes })),
    (key, value) => (key === 'place' || key === 'origin' ? undefined : value),
    1,
  );
}

const SAMPLES = realDumps(/^(?:pyspy|pyspy-native|gdb|py-bt)\.txt$/)
  .filter(({ name }) => /^(?:zmq|locks)\//.test(name))
  .slice(0, 24);

test('there are real dumps to test with', () => {
  expect(SAMPLES.length).toBeGreaterThan(8);
});

const lines = (text: string, change: (line: string) => string): string => text.split('\n').map(change).join('\n');

describe('what stands around a dump changes nothing', () => {
  const CHANGES: Readonly<Record<string, (text: string) => string>> = {
    'carriage returns': (text) => text.replaceAll('\n', '\r\n'),
    'a byte order mark': (text) => `\ufeff${text}`,
    'colour of the headers': (text) => text.replace(/^(Thread \S+)/gm, '\x1b[1m$1\x1b[0m'),
    quoting: (text) => lines(text, (line) => `> ${line}`),
    'quoting twice': (text) => lines(text, (line) => `> > ${line}`),
    indentation: (text) => lines(text, (line) => `    ${line}`),
    'a code block with prose': (text) =>
      `We see this once in a hundred jobs:\n\n\`\`\`text\n${text}\n\`\`\`\n\nAny idea?\n`,
    'container timestamps': (text) => lines(text, (line) => `2026-03-04T05:06:07.891Z stderr F ${line}`),
    'a journal': (text) => lines(text, (line) => `Jan 02 03:04:05 web-7 trainer[812]: ${line}`),
    ranks: (text) => lines(text, (line) => `[rank3]: ${line}`),
    compose: (text) => lines(text, (line) => `svc-1  | ${line}`),
    'an unknown logger': (text) => lines(text, (line) => `INFO 2026-01-02 03:04:05,678 watchdog:17: ${line}`),
  };

  test.each(Object.keys(CHANGES))('%s', (name) => {
    for (const { text, name: dump } of SAMPLES) {
      expect(content(CHANGES[name]?.(text) ?? ''), dump).toBe(content(text));
    }
  });
});

describe('a dump that is cut off', () => {
  test.each(SAMPLES.slice(0, 12))('$name keeps the threads before the cut', ({ text }) => {
    const all = text.split('\n');
    const whole = threadCount(text);
    let last = 0;
    for (let end = 1; end <= all.length; end += Math.ceil(all.length / 25)) {
      const count = threadCount(all.slice(0, end).join('\n'));
      expect(count).toBeGreaterThanOrEqual(last);
      expect(count).toBeLessThanOrEqual(whole + 1);
      last = Math.min(count, whole);
    }
  });

  function threadCount(text: string): number {
    const { dumps } = readInput({ name: 'test', text }, PARSERS);
    return dumps.flatMap(({ processes }) => processes.flatMap(({ threads }) => threads)).length;
  }
});

describe('no line is lost', () => {
  test.each(SAMPLES)('$name: every line is understood', ({ text }) => {
    const { warnings } = readInput({ name: 'test', text }, PARSERS);
    expect(warnings.filter(({ code }) => code === 'lines-not-understood')).toEqual([]);
  });

  test('lines in the middle of a dump that make no sense are counted, and the first is shown', () => {
    const text =
      'Process 7: python a.py\nPython v3.11.7 (/usr/bin/python3)\n\nThread 7 (idle): "MainThread"\n    wait (threading.py:320)\n%% noise %%\n    run (a.py:3)\n';
    const { warnings } = readInput({ name: 'test', text }, PARSERS);
    expect(warnings).toMatchObject([
      {
        code: 'lines-not-understood',
        line: 6,
        message: '1 line of a dump not understood; the first is line 6: "%% noise %%"',
      },
    ]);
  });

  test('a text without a dump says so', () => {
    const { dumps, warnings } = readInput({ name: 'notes.txt', text: 'Hello all,\nit hangs.\n' }, PARSERS);
    expect(dumps).toEqual([]);
    expect(warnings).toMatchObject([
      { code: 'no-dump', message: 'not a dump in any known format (line 1: "Hello all,")' },
    ]);
  });
});

describe('encodings', () => {
  const text = SAMPLES[0]?.text ?? '';
  const utf16 = new Uint8Array(new Uint16Array([...text].map((character) => character.charCodeAt(0))).buffer);

  test.each([
    ['UTF-16 with a mark', new Uint8Array([0xff, 0xfe, ...utf16])],
    ['UTF-16 without one', utf16],
  ])('%s', (_, bytes) => {
    const read = readInput({ name: 'test', bytes }, PARSERS);
    expect(read.dumps).toEqual(readInput({ name: 'test', text }, PARSERS).dumps);
  });
});

describe('hostile text', () => {
  const piece = fc.constantFrom(
    'Thread 1 (idle): "x"',
    'Thread 2 (Thread 0x7f (LWP 9) "n"):',
    '#0  0x00007f in poll () from /lib/libc.so.6',
    '#1  ((((((((',
    'Process 4: a',
    'Python v3.11.7 (x)',
    '    wait (threading.py:3)',
    '[{"thread_id": 1, "frames": []}',
    '^done,stack=[frame={level="0"',
    'Traceback (most recent call first):',
    '  File "a.py", line 3, in f',
    '> ',
    '\x1b[31m',
    '--------------------------------',
    '',
  );

  test('never makes it throw', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (parts) => {
        readInput({ name: 'test', text: parts.join('\n') }, PARSERS);
      }),
      { numRuns: 500 },
    );
  });

  test('never makes it throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readInput({ name: 'test', bytes }, PARSERS);
      }),
    );
  });
});
