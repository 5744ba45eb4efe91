import { describe, expect, test } from 'vitest';
import currentFrames from '../../src/parsers/current-frames.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(currentFrames);

describe('claims', () => {
  test.each([
    ['*** STACKTRACE - START ***', 'certain'],
    ['# ThreadID: 140080061712064\nFile: "/srv/a.py", line 3, in f', 'certain'],
    ['# Thread: MainThread(140080061712064)\n  File "/srv/a.py", line 3, in f', 'certain'],
    ['File: "/srv/a.py", line 3, in f', 'certain'],
    ['  File "/srv/a.py", line 3, in f', 'no'],
    ['# Threads are hard', 'no'],
  ])('%j: %s', (text, claim) => {
    expect(claimOf(currentFrames, text)).toBe(claim);
  });
});

test.each([
  ['File: "/srv/a.py", line 3, in f', '/srv/a.py', 3],
  ['File: "/srv/a.py:3", in f', '/srv/a.py', 3],
  ['\tFile: /srv/my a.py, line 3, in f', '/srv/my a.py', 3],
])('reads %j', (text, file, line) => {
  const [thread] = threadsOf(parseText(currentFrames, `# ThreadID: 140080061712064\n${text}`));
  expect(thread?.frames[0]).toMatchObject({ file, line });
  expect(namesOf(thread)).toEqual(['f']);
});
