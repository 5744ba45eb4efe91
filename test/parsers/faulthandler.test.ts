import { describe, expect, test } from 'vitest';
import faulthandler from '../../src/parsers/faulthandler/index.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(faulthandler);

describe('claims', () => {
  test.each([
    ['Current thread 0x00007f10c0a1d740 (most recent call first):', 'certain'],
    ['Thread 0x00007f10c0a1d740 [loader_0] (most recent call first):', 'certain'],
    ['Stack (most recent call first):', 'certain'],
    ["Current thread's C stack trace (most recent call first):", 'certain'],
    ['Timeout (0:00:00.500000)!', 'certain'],
    ['Fatal Python error: Segmentation fault', 'certain'],
    ['  File "/srv/a.py", line 3 in get', 'likely'],
    ['  File "/srv/a.py", line 3, in get', 'no'],
    ['Thread 4242 (idle): "MainThread"', 'no'],
    ['Thread 2 (Thread 0x7f10aa6c0 (LWP 51) "python3"):', 'no'],
    ['Traceback (most recent call first):', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(faulthandler, text)).toBe(claim);
  });
});

const HEADER = 'Thread 0x00007f10c0a1d740 (most recent call first):';

test('marks exactly 100 frames as cut, since Python 3.13 leaves out the dots', () => {
  const frames = (count: number) =>
    Array.from({ length: count }, () => '  File "/srv/a.py", line 3 in deep').join('\n');
  expect(threadsOf(parseText(faulthandler, `${HEADER}\n${frames(99)}`))[0]?.truncated).toBe(false);
  expect(threadsOf(parseText(faulthandler, `${HEADER}\n${frames(100)}`))[0]?.truncated).toBe(true);
});

test('reads without indentation and with blank lines between all lines', () => {
  const text = `${HEADER}\n\nFile "/srv/a.py", line 3 in get\n\nFile "/srv/a.py", line 9 in <module>\n`;
  expect(namesOf(threadsOf(parseText(faulthandler, text))[0])).toEqual(['get', '<module>']);
});

test('glues frames that a mail program has wrapped', () => {
  const text = `${HEADER}\n  File "/srv/a.py", line\n156 in run\n  File "/srv/b.py", line 3\nin go\n  File "/srv/ve\nry/c.py", line 4 in top`;
  const [thread] = threadsOf(parseText(faulthandler, text));
  expect(thread?.frames.map(({ file, line }) => `${file}:${line}`)).toEqual([
    '/srv/a.py:156',
    '/srv/b.py:3',
    '/srv/very/c.py:4',
  ]);
});

test('unescapes names and POSIX paths, and leaves Windows paths alone', () => {
  const text = `${HEADER}\n  File "/srv/\\xe9t\\xe9.py", line 1 in \\u4f60\n  File "C:\\xe9\\a.py", line 2 in f`;
  const [thread] = threadsOf(parseText(faulthandler, text));
  expect(thread?.frames.map((frame) => [frame.function, frame.file])).toEqual([
    ['你', '/srv/été.py'],
    ['f', 'C:\\xe9\\a.py'],
  ]);
});

test('skips prose and a torn frame', () => {
  const { skipped } = parseText(faulthandler, `${HEADER}\n  File "/srv/a.py", li  File "/srv/b.py", lin\nAny idea?`);
  expect(skipped.map(({ text }) => text)).toEqual(['  File "/srv/a.py", li  File "/srv/b.py", lin', 'Any idea?']);
});
