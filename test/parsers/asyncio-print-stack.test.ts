import { describe, expect, test } from 'vitest';
import printStack from '../../src/parsers/asyncio-print-stack.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(printStack);

describe('claims', () => {
  test.each([
    ["Stack for <Task pending name='a' coro=<f() running at /p.py:3>> (most recent call last):", 'certain'],
    ["Traceback for <Task finished name='a' coro=<f() done, defined at /p.py:3>> (most recent call last):", 'certain'],
    ["<Task pending name='a' coro=<f() running at /p.py:3> wait_for=<Future pending>>", 'certain'],
    ['Traceback for thread 311 (trainer) [] (most recent call last):', 'no'],
    ['Stack for the record', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(printStack, text)).toBe(claim);
  });
});

test('reads a repr that holds a newline', () => {
  const text =
    "Stack for <Task pending name='a' coro=<f() running at /p.py:3> x='one\ntwo'> (most recent call last):\n  File \"/p.py\", line 3, in f\n    await g()";
  const parsed = parseText(printStack, text);
  expect(namesOf(threadsOf(parsed)[0])).toEqual(['f']);
  expect(parsed.skipped).toEqual([]);
});

test('takes a second stack of a task for a second moment', () => {
  const text = "Stack for <Task pending name='a' coro=<f() running at /p.py:3>> (most recent call last):\n";
  expect(parseText(printStack, text + text).processes).toHaveLength(2);
});
