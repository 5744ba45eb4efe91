import { describe, expect, test } from 'vitest';
import proc from '../../src/parsers/proc/index.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

// Each file tells of every thread, so that a cut takes something from all of them.
describeDialect(proc, { cuts: false });

describe('claims', () => {
  test.each([
    ['/proc/900/task/901/stack', 'certain'],
    ['==> /proc/900/stack <==', 'certain'],
    ['/proc/9/task/10/stack:[<0>] futex_do_wait+0x46/0x90', 'certain'],
    ['# cat /proc/900/task/901/syscall', 'certain'],
    ['[<0>] futex_do_wait+0x46/0x90', 'certain'],
    ['State:\tD (disk sleep)', 'likely'],
    ['see /proc/900/task for more', 'no'],
    ['[New LWP 901]', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(proc, text)).toBe(claim);
  });
});

test('takes a file that comes again for a second moment', () => {
  const one = '/proc/900/stack\n[<0>] futex_do_wait+0x46/0x90\n';
  const { processes } = parseText(proc, one + one);
  expect(processes.map(({ threads }) => namesOf(threads[0]))).toEqual([['futex_do_wait'], ['futex_do_wait']]);
});

test('reads statuses of several threads without paths', () => {
  const text =
    'Name:\tmain\nState:\tS (sleeping)\nTgid:\t900\nPid:\t900\nName:\tio\nState:\tD (disk sleep)\nTgid:\t900\nPid:\t901\n';
  expect(threadsOf(parseText(proc, text)).map(({ id, name, notes }) => [id, name, notes])).toEqual([
    ['900', 'main', ['state S (sleeping)']],
    ['901', 'io', ['state D (disk sleep)']],
  ]);
});

test('says where a thread runs or is blocked elsewhere', () => {
  const text = '/proc/9/task/9/syscall\nrunning\n/proc/9/task/10/syscall\n-1 0x7ffe 0x7f8c\n/proc/9/task/10/wchan\n0\n';
  const parsed = parseText(proc, text);
  expect(threadsOf(parsed).map(({ activity, notes }) => [activity, notes])).toEqual([
    ['active', ['running']],
    [undefined, ['not in a system call']],
  ]);
  expect(parsed.skipped).toEqual([]);
});
