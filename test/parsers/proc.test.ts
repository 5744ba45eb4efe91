import { describe, expect, test } from 'vitest';
import { cleanLines } from '../../src/input/clean.ts';
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

test('reads what an attached process tells of itself, as whyhung writes it', () => {
  const text = [
    '/proc/9/cmdline:python3 serve.py',
    '/proc/9/exe:/usr/bin/python3.11',
    '/proc/9/cgroup:0::/app.slice',
    '/proc/9/limits:Max open files            1024                 4096                 files',
    '/proc/9/children:12 S python3 worker.py',
    '/proc/9/task/9/status:State:\tS (sleeping)',
    '/proc/9/task/9/status:NSpid:\t9\t1',
    '/proc/9/task/9/syscall:45 0x4 0x7f 0x10 0x0 0x0 0x0 0x7ffe 0x7f76',
    '/proc/9/task/9/whyhung:recvfrom() on file 4: TCP 10.0.0.3:4711 -> 10.0.0.5:5432 ESTABLISHED',
    '/proc/9/task/10/status:State:\tS (sleeping)',
    '/proc/9/task/10/whyhung:waits for a mutex that thread 9 holds',
    '/proc/9/fd/4:TCP 10.0.0.3:4711 -> 10.0.0.5:5432 ESTABLISHED',
    '/proc/9/packages:pyzmq 22.3.0',
  ].join('\n');
  const parsed = parseText(proc, text);
  expect(parsed.skipped).toEqual([]);
  expect(parsed.processes).toMatchObject([
    {
      pid: 9,
      command: 'python3 serve.py',
      executable: '/usr/bin/python3.11',
      parentPid: undefined,
      packages: [{ name: 'pyzmq', version: '22.3.0' }],
      threads: [
        { id: '9', notes: [expect.stringContaining('recvfrom() on file 4'), 'state S (sleeping)', 'syscall 45'] },
        { id: '10', mutexOwner: 9 },
      ],
    },
  ]);
});

test('open files and the list of locks are kept', () => {
  const text = `/proc/811/task/811/wchan:locks_lock_inode_wait
/proc/811/fd/3 -> /srv/app/cache.lock
/proc/locks:1: FLOCK  ADVISORY  WRITE 790 fe:00:9988 0 EOF
/proc/locks:1: -> FLOCK  ADVISORY  WRITE 811 fe:00:9988 0 EOF
2: POSIX  ADVISORY  READ 790 fe:00:9989 1073741826 1073742335
`;
  const [process] = proc.parse({ source: 'proc.txt', lines: cleanLines(text) }).processes;
  expect(process?.files).toEqual([{ fd: 3, path: '/srv/app/cache.lock' }]);
  expect(process?.fileLocks).toEqual([
    { pid: 790, inode: 'fe:00:9988', waits: false, start: 0 },
    { pid: 811, inode: 'fe:00:9988', waits: true, start: 0 },
    { pid: 790, inode: 'fe:00:9989', waits: false, start: 1073741826 },
  ]);
});
