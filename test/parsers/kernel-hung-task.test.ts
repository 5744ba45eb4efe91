import { describe, expect, test } from 'vitest';
import hungTask from '../../src/parsers/kernel-hung-task.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(hungTask);

describe('claims', () => {
  test.each([
    ['INFO: task python3:1234 blocked for more than 120 seconds.', 'certain'],
    ['Jan 02 03:04:05 host kernel: [81234.56] INFO: task python3:1234 blocked for more than 120 seconds.', 'certain'],
    ['task:python3         state:D stack:    0 pid: 1234 ppid:     1 flags:0x00000004', 'certain'],
    ['<Task pending name="a" coro=<f() running at /p.py:3>>', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(hungTask, text)).toBe(claim);
  });
});

test('leaves out calls that the kernel only guesses', () => {
  const text = 'INFO: task a:1 blocked for more than 120 seconds.\n ? guess+0x1/0x2\n real+0x1/0x2';
  expect(namesOf(threadsOf(parseText(hungTask, text))[0])).toEqual(['real']);
});
