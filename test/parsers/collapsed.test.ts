import { describe, expect, test } from 'vitest';
import collapsed from '../../src/parsers/collapsed.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

// The heaviest stack of a profile is known only at its end.
describeDialect(collapsed, { cuts: false });

describe('claims', () => {
  test.each([
    ['main (run.py:9);step (io loop.py:12) 97', 'certain'],
    ['_start;main;poll 96\n_start;main;read 4', 'likely'],
    ['_start;main;poll 96', 'no'],
    ['P12;T34;/srv/a.py:run:3 100', 'no'],
    ['    wait (threading.py:320)', 'no'],
    ['we saw 12; then 13', 'no'],
  ])('%j: %s', (text, claim) => {
    expect(claimOf(collapsed, text)).toBe(claim);
  });
});

test('turns the stacks round and drops the rare ones', () => {
  const text = '_start;main;poll 990\n_start;main;gc 10';
  expect(threadsOf(parseText(collapsed, text)).map(namesOf)).toEqual([['poll', 'main', '_start']]);
});
