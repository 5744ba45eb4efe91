import { describe, expect, test } from 'vitest';
import pytestTimeout from '../../src/parsers/pytest-timeout/index.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

// A cut report has not yet told that a timeout ended the test, so that its thread comes and goes.
describeDialect(pytestTimeout);

describe('claims', () => {
  test.each([
    ['+++++++++++++++ Timeout +++++++++++++++', 'certain'],
    ['test_pool.py +++++++++++++++ Timeout +++++++++++++++', 'certain'],
    ['~ Stack of a very long name (1) (140080061712064) ~', 'certain'],
    ['=================== FAILURES ===================', 'certain'],
    ['  File "/srv/a.py", line 3, in get', 'no'],
    ['Timeout (0:05:00)!', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(pytestTimeout, text)).toBe(claim);
  });
});

test('joins with other tools by the pthread id', () => {
  const [thread] = threadsOf(parseText(pytestTimeout, '~~ Stack of pool-1 (a) (140080061712064) ~~'));
  expect(thread).toMatchObject({ name: 'pool-1 (a)', pthreadId: '0x7f66ee5186c0' });
});

test('keeps two tests apart', () => {
  const dump = '++ Timeout ++\n~~ Stack of w (1400) ~~\n  File "a.py", line 3, in get\n++ Timeout ++\n';
  expect(parseText(pytestTimeout, dump + dump).processes).toHaveLength(2);
});

test('leaves out reports of tests that failed otherwise', () => {
  const text =
    '=== FAILURES ===\n____ test_sum ____\na.py:3: in test_sum\n    assert 1 == 2\nE   assert 1 == 2\n=== 1 failed in 0.1s ===';
  expect(parseText(pytestTimeout, text).processes).toEqual([]);
});

test('names frames of a long report after the function that is shown', () => {
  const text =
    '=== FAILURES ===\n____ test_a ____\n\n    def test_a():\n>       get()\n\na.py:3: \n_ _ _ _ _ _\n\n    def get():\n        def inner(): pass\n>       wait()\nE       Failed: Timeout (>1.0s) from pytest-timeout.\n\nb.py:9: Failed\n';
  expect(namesOf(threadsOf(parseText(pytestTimeout, text))[0])).toEqual(['get', 'test_a']);
});
