import { describe, expect, test } from 'vitest';
import austin from '../../src/parsers/austin.ts';
import { claimOf, describeDialect, parseText, threadsOf } from './_dialects.ts';

// The heaviest stack of a profile is known only at its end.
describeDialect(austin, { cuts: false });

describe('claims', () => {
  test.each([
    ['# austin: 3.7.0', 'certain'],
    ['P12;T34;/srv/a.py:run:3 100', 'certain'],
    ['💤 Process 1206 🧵 Thread 0:1208', 'certain'],
    ['main (run.py:9);step (io.py:12) 97', 'no'],
    ['Process 1206: python run.py', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(austin, text)).toBe(claim);
  });
});

test('gives the heaviest stack, and calls a thread stuck only when it has no other', () => {
  const text = 'P1;T2;a.py:f:3 10\nP1;T2;a.py:f:3 10\nP1;T3;a.py:f:3 10\nP1;T3;a.py:g:4 30';
  expect(threadsOf(parseText(austin, text)).map(({ frames, progress }) => [frames[0]?.line, progress])).toEqual([
    [3, 'stuck'],
    [4, undefined],
  ]);
});
