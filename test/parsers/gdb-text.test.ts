import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';
import { cleanLines } from '../../src/input/clean.ts';
import gdbText from '../../src/parsers/gdb-text.ts';
import pyBt from '../../src/parsers/py-bt.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

// Threads that only `info threads` shows move behind those with a backtrace, so a cut changes their order.
describeDialect(gdbText, { cuts: false });

const FORMATS = join(import.meta.dirname, '../../fixtures/formats');
const read = (path: string): string => readFileSync(join(FORMATS, path), 'utf8');
const skippedOf = (text: string): string[] => parseText(gdbText, text).skipped.map((line) => line.text);
const HEADER = 'Thread 2 (Thread 0x7f10aa6c0 (LWP 51) "python3"):';
const STACK = '#0  0x00007f01 in poll () from /lib/libc.so.6\n#1  0x00007f02 in main () at m.c:3';

test('keeps the threads before a cut', () => {
  const lines = cleanLines(read('gdb-text/cpp-threads/dump.txt'));
  const whole = threadsOf(gdbText.parse({ source: 'dump.txt', lines }));
  const start = lines.findIndex(({ text }) => text.startsWith('Thread 5'));
  for (let end = start; end < lines.length; end++) {
    const threads = threadsOf(gdbText.parse({ source: 'dump.txt', lines: lines.slice(0, end) }));
    const complete = threads.filter(({ truncated }) => !truncated).slice(0, -1);
    for (const { id, frames } of complete) expect(frames).toEqual(whole.find((thread) => thread.id === id)?.frames);
  }
});

describe('claims', () => {
  test.each([
    [`${HEADER}\n${STACK}`, 'certain', 'no'],
    [`${HEADER}\n\nTraceback (most recent call first):\n  File "a.py", line 3, in f`, 'no', 'certain'],
    [`${HEADER}\nUnable to locate python frame`, 'no', 'certain'],
    [
      `${HEADER}\nUnable to locate python frame\n\nThread 1 (LWP 50):\n#7 Frame 0x7f10cc, for file a.py, line 4, in f ()`,
      'certain',
      'no',
    ],
    [`${HEADER}\nUnable to locate python frame\n\nThread 1 (LWP 50):\n${STACK}`, 'no', 'certain'],
    [`(gdb) bt\n${STACK}`, 'certain', 'no'],
    ['(gdb) py-bt\nTraceback (most recent call first):', 'no', 'certain'],
    [
      '[Switching to thread 2 (LWP 9)]\n#0  0x01 in f () from l.so\n(gdb) py-bt\nTraceback (most recent call first):',
      'no',
      'certain',
    ],
    [`Attaching to process 9\n[New LWP 10]\n${STACK}`, 'certain', 'no'],
    ['[New LWP 10]\nThread 2 (LWP 10):\nTraceback (most recent call first):', 'no', 'certain'],
    ['[New LWP 10]\nnothing more of it', 'no', 'no'],
    ['#7 Frame 0x7f10cc, for file /srv/a.py, line 4, in read (n=1)', 'certain', 'no'],
    ['  Id   Target Id         Frame ', 'certain', 'no'],
    ['* 1    Thread 0x7f (LWP 9) "x" 0x01 in f () from l.so', 'certain', 'no'],
    [STACK, 'certain', 'no'],
    ['#0  0x00007f01 in poll () from /lib/libc.so.6', 'likely', 'no'],
    [`$ sudo gdb -p 84 -batch -ex bt\n${STACK}`, 'certain', 'no'],
    ['Traceback (most recent call first):', 'no', 'certain'],
    ['Traceback (most recent call last):', 'no', 'no'],
    ['Thread 4242 (idle): "MainThread"', 'no', 'no'],
    ['Thread 0x00007f10 (most recent call first):', 'no', 'no'],
    ['Current thread 0x00007f10 (most recent call first):', 'no', 'no'],
    ['Thread 0::  Dispatch queue: com.apple.main-thread', 'no', 'no'],
    ['* thread #1, name = "python3", stop reason = signal SIGSTOP', 'no', 'no'],
    ['TID 900:\n#0  0x00007f8c9b0a3f16 poll\n#1  0x0000563cca31d38 main', 'no', 'no'],
    ['#0  0x00007f8c9b0a3f16 poll\n#1  0x0000563cca31d38 main', 'no', 'no'],
    ['    #0 0x7f12 in main /srv/a.c:3\n    #1 0x7f13 in start /srv/a.c:9', 'no', 'no'],
    ['#1 see the other issue (it is the same)', 'no', 'no'],
    ['I attached gdb to the process and it hung.', 'no', 'no'],
  ])('%s', (text, native, python) => {
    expect([claimOf(gdbText, text), claimOf(pyBt, text)]).toEqual([native, python]);
  });
});

describe('threads', () => {
  test.each([
    ['Thread 2 (Thread 0x00007F10aa6c0 (LWP 51) "wk (a):"b""):', '2', 51, '0x7f10aa6c0', 'wk (a):"b"'],
    ['Thread 2 (Thread 0x7f10 (LWP 51) ""):', '2', 51, '0x7f10', undefined],
    ['Thread 1 (LWP 900):', '1', 900, undefined, undefined],
    ['Thread 1 (process 900):', '1', 900, undefined, undefined],
    ['Thread 1.2 (Thread 0x7f10 (LWP 51)):', '1.2', 51, '0x7f10', undefined],
    ['Thread 3 (Thread 1220.0x1e38):', '3', 7736, undefined, undefined],
  ])('%s', (header, id, nativeId, pthreadId, name) => {
    expect(threadsOf(parseText(gdbText, `${header}\n${STACK}`))[0]).toMatchObject({ id, nativeId, pthreadId, name });
  });

  test('of several inferiors are of several processes', () => {
    const text = `Thread 2.1 (LWP 20):\n${STACK}\n\nThread 1.1 (LWP 10):\n${STACK}\n[Inferior 1 (process 10) detached]\n[Inferior 2 (process 20) detached]`;
    expect(parseText(gdbText, text).processes.map(({ pid, threads }) => [pid, threads.length])).toEqual([
      [20, 1],
      [10, 1],
    ]);
  });

  test('are all shown only where headers or a table stand', () => {
    const everyThread = (text: string) => threadsOf(parseText(gdbText, text))[0]?.view.everyThread;
    expect(everyThread(`${HEADER}\n${STACK}`)).toBe(true);
    expect(everyThread(STACK)).toBe(false);
  });

  test('without headers are as many as there are stacks', () => {
    expect(threadsOf(parseText(gdbText, `${STACK}\n${STACK}\n${STACK}`))).toHaveLength(3);
  });

  test('take their name from info threads, and nothing else if they have a backtrace', () => {
    const row = '  2    Thread 0x7f10aa6c0 (LWP 51) "zmq (io)" 0x00007f01 in poll () from /lib/libc.so.6';
    const [thread, ...others] = threadsOf(
      parseText(gdbText, `${row}\nThread 2 (Thread 0x7f10aa6c0 (LWP 51)):\n${STACK}`),
    );
    expect(others).toEqual([]);
    expect(thread).toMatchObject({ id: '2', name: 'zmq (io)', truncated: false });
    expect(namesOf(thread)).toEqual(['poll', 'main']);
  });

  test('of info threads alone have one frame and are cut', () => {
    const [thread] = threadsOf(parseText(gdbText, '* 1    Thread 0x7f (LWP 9) "a" b"" main (argc=1) at m.c:3'));
    expect(thread).toMatchObject({ id: '1', nativeId: 9, name: 'a" b"', truncated: true });
    expect(namesOf(thread)).toEqual(['main']);
  });

  test('chosen by a command give the backtrace below its number', () => {
    const text = `[Switching to thread 2 (Thread 0x7f10 (LWP 51))]\n#0  0x00007f01 in poll () from /lib/libc.so.6\n29\t../poll.c: No such file or directory.\n(gdb) bt\n${STACK}`;
    const threads = threadsOf(parseText(gdbText, text));
    expect(threads).toHaveLength(1);
    expect(threads[0]).toMatchObject({ id: '2', nativeId: 51, truncated: false });
    expect(namesOf(threads[0])).toEqual(['poll', 'main']);
    expect(skippedOf(text)).toEqual([]);
  });

  test.each(['(More stack frames follow...)', 'Backtrace stopped: frame did not save the PC'])(
    'are cut by %s',
    (end) => {
      expect(threadsOf(parseText(gdbText, `${HEADER}\n${STACK}\n${end}`))[0]?.truncated).toBe(true);
    },
  );
});

describe('moments', () => {
  const dump = (pid: number): string => `Thread 1 (LWP ${pid}):\n${STACK}\n`;

  test('of one process, as from a loop around gstack, stay apart', () => {
    expect(parseText(gdbText, `${dump(9)}\n${dump(9)}`).processes).toHaveLength(2);
  });

  test('of another process begin when the number stands for another LWP', () => {
    expect(parseText(gdbText, `${dump(9)}\n${dump(11)}`).processes).toHaveLength(2);
  });

  test('end when gdb detaches', () => {
    const text = `${dump(9)}[Inferior 1 (process 9) detached]\nAttaching to process 11\n${dump(11)}`;
    expect(parseText(gdbText, text).processes.map(({ pid }) => pid)).toEqual([9, 11]);
  });

  test('are one at a prompt, and one for bt and then bt full', () => {
    expect(parseText(gdbText, `(gdb) t a a bt\n${dump(9)}(gdb) t a a bt\n${dump(9)}`).processes).toHaveLength(1);
    const [process, ...others] = parseText(gdbText, `${dump(9)}\n${dump(9)}        count = 3`).processes;
    expect(others).toEqual([]);
    expect(process?.threads[0]?.frames[1]?.locals).toEqual([{ name: 'count', value: '3' }]);
  });
});

describe('frames', () => {
  test('without address were inlined into the one below', () => {
    const text = `${HEADER}\n#0  0x01 in a () at x.c:1\n#1  b () at x.c:2\n#2  c () at x.c:3\n#3  0x02 in d () at x.c:4\n#4  <signal handler called>\n#5  e () at x.c:5`;
    const frames = threadsOf(parseText(gdbText, text))[0]?.frames;
    expect(frames?.map(({ inlined }) => inlined)).toEqual([true, true, false, false, false, false]);
  });

  test('say nothing of inlining when no address is printed', () => {
    const frames = threadsOf(parseText(gdbText, `${HEADER}\n#0  a () at x.c:1\n#1  b () at x.c:2`))[0]?.frames;
    expect(frames?.map(({ inlined }) => inlined)).toEqual([false, false]);
  });

  test('take Python frames at the number that py-bt-full gives', () => {
    const text = `(gdb) bt\n#0  0x01 in read () from l.so\n#1  0x02 in _PyEval_EvalFrameDefault () from p.so\n#2  0x03 in main () from p.so\n(gdb) py-bt-full\n#1 Frame 0x7f10cc, for file /srv/a b.py, line 4, in read (n=1)\n    data = recv(n)\n#1 Frame 0x7f10cd, for file /srv/a b.py, line ?, in loop ()`;
    const [thread, ...others] = threadsOf(parseText(gdbText, text));
    expect(others).toEqual([]);
    expect(namesOf(thread)).toEqual(['read', '_PyEval_EvalFrameDefault', 'read', 'loop', 'main']);
    expect(thread?.frames[2]).toMatchObject({ language: 'python', file: '/srv/a b.py', line: 4 });
    expect(thread?.frames[3]?.line).toBeUndefined();
    expect(thread?.view).toMatchObject({ python: true, native: true, interpreter: true });
  });

  test.each([
    [
      'a value over lines',
      '        loc = {\n          a = 1,\n          b = 2\n        }\n\n        n = 3',
      ['loc', 'n'],
    ],
    ['nested blocks', '        n = 3\n        n = <optimized out>', ['n', 'n']],
    ['none', 'No locals.', []],
  ])('of bt full have locals: %s', (_, text, names) => {
    const [thread] = threadsOf(
      parseText(gdbText, `${HEADER}\n#0  0x01 in a (x=1) at x.c:1\n${text}\n#1  0x02 in b () at x.c:2`),
    );
    expect(namesOf(thread)).toEqual(['a', 'b']);
    expect(thread?.frames[0]?.locals.map(({ name }) => name)).toEqual(names);
  });

  test('that lost their end still count', () => {
    const text = `${HEADER}\n#0  0x01 in futex (op=393, \n#1  0x02 in wait (cond=0x55, mutex=0x56) at w.c:3`;
    expect(namesOf(threadsOf(parseText(gdbText, text))[0])).toEqual(['futex', 'wait']);
  });
});

test.each([
  [
    'a pager within a word',
    '#0  0x01 in f (text=0x5--Type <RET> for more, q to quit, c to continue without paging--5 "a") at t.c:3',
  ],
  [
    'a pager before the next frame',
    '#0  0x01 in f (text=0x55 "a") at t.c:3---Type <return> to continue, or q <return> to quit---',
  ],
  ['wrapping by gdb', '#0  0x01 in f (\n    text=0x55 "a")\n    at t.c:3'],
  ['wrapping with three blanks', '#0  0x01 in f (text=0x55 "a")\n   at t.c:3'],
  ['collapsed blanks', '#0 0x01 in f (text=0x55 "a") at t.c:3'],
  ['a prompt', '(gdb) (gdb) #0  0x01 in f (text=0x55 "a") at t.c:3'],
  ['tmux’s mark', '#0  0x01 in f (text=0x55 "a") at t.c:3      [390/7275]'],
])('reads a frame through %s', (_, text) => {
  const { processes, skipped } = parseText(gdbText, `${HEADER}\n${text}\n#1  0x02 in main () at m.c:3`);
  const [thread] = processes.flatMap(({ threads }) => threads);
  expect(skipped).toEqual([]);
  expect(thread?.frames).toHaveLength(2);
  expect(thread?.frames[0]).toMatchObject({ file: 't.c', line: 3, arguments: [{ name: 'text', value: '0x55 "a"' }] });
});

test('a double-spaced paste reads like the original', () => {
  const text = read('gdb-text/cpp-threads/dump.txt')
    .split('\n')
    .filter((line) => /^(?:Thread|#)/.test(line));
  const plain = threadsOf(parseText(gdbText, text.join('\n')));
  const spaced = threadsOf(parseText(gdbText, text.join('\n\n')));
  expect(spaced.map(namesOf)).toEqual(plain.map(namesOf));
});

test('a copy from a terminal of 80 columns reads like the original', () => {
  const text = read('gdb-text/cpp-threads/dump.txt')
    .split('\n')
    .filter((line) => /^(?:Thread|#)/.test(line));
  const broken = text.flatMap((line) => line.match(/.{1,80}/g) ?? []);
  expect(threadsOf(parseText(gdbText, broken.join('\n'))).map(namesOf)).toEqual(
    threadsOf(parseText(gdbText, text.join('\n'))).map(namesOf),
  );
});

test.each([
  'ptrace: Operation not permitted.',
  'Could not attach to process.  If your uid matches the uid of the target',
  'No stack.',
  'warning: process 9 is already traced by process 8',
  'Undefined command: "py-bt".  Try "help".',
])('keeps the failure visible: %s', (failure) => {
  expect(skippedOf(`Attaching to process 9\n${failure}`)).toEqual([failure]);
});

test('reads the real terminal session and the real tables without leaving a line', () => {
  for (const path of ['gdb-terminal', 'info-threads', 'gdb-cplusplus']) {
    const { processes, skipped } = parseText(
      gdbText,
      read(`${path}/dump.txt`).replace(/^(?:Script|Type|For|Find).*\n/gm, ''),
    );
    expect(skipped).toEqual([]);
    expect(processes).toHaveLength(1);
  }
});

test('reads elements of py-bt-full in the columns of gdb', () => {
  const text =
    '#0  Frame 0x55d000, for file /srv/net.py, line 40, in read ()\n#1  Frame 0x55d040, for file /srv/net.py, line 9, in loop ()\n';
  const { processes } = parseText(gdbText, text);
  expect(processes[0]?.threads[0]?.frames.map(({ function: name, line }) => [name, line])).toEqual([
    ['read', 40],
    ['loop', 9],
  ]);
  expect(diagnose([{ name: 'a.txt', text }]).capture.processes).toHaveLength(1);
});

test.each(['(', '"', "'", '[', '#0  f (a=', "#0  f (\\'", '   #1 0x', ' ', '--Type <RET> for more'])(
  'reads %j a hundred thousand times before the time for a test is up',
  (piece) => {
    parseText(gdbText, piece.repeat(100_000));
    parseText(gdbText, `#0  0x01 in f (${piece.repeat(100_000)}`);
    parseText(gdbText, `${piece}\n`.repeat(20_000));
  },
);
