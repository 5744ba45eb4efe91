import { describe, expect, test } from 'vitest';
import lldb from '../../src/parsers/lldb/index.ts';
import { claimOf, describeDialect, parseText, threadsOf } from './_dialects.ts';

// lldb prints threads twice: a cut may fall before the longer stack.
describeDialect(lldb, { cuts: false });

describe('claims', () => {
  test.each([
    ["* thread #1, name = 'python3', stop reason = signal SIGSTOP", 'certain'],
    ['  thread #2: tid = 0x1c03, 0x0000000187af1df2 libc`read', 'certain'],
    ['    frame #0: 0x0000000187afd3cc libsystem_kernel.dylib`read + 8', 'certain'],
    ['#0  0x00007f8c9b0a3f16 in poll ()', 'no'],
    ['Thread 2 (Thread 0x7f10aa6c0 (LWP 51)):', 'no'],
    ['the thread #3 hangs', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(lldb, text)).toBe(claim);
  });
});

test.each([
  ['libc`poll + 10', { function: 'poll', module: 'libc', line: undefined }],
  ['app`f(label="x) at y.cpp:3", n=2) at q.cpp:10:83', { function: 'f', file: 'q.cpp', line: 10 }],
  ['app`g(main=(app`main at t.cpp:24:11)) at t.cpp:30:1 [opt]', { function: 'g', file: 't.cpp', line: 30 }],
  ['app`run [inlined] inner(n=1) at f.h:61:36', { function: 'inner', file: 'f.h', inlined: true }],
  ['app`consume(char const*, int) at q.cpp:8:1', { function: 'consume' }],
  ['libstdc++.so.6`___lldb_unnamed_symbol7808 + 19', { function: '', module: 'libstdc++.so.6' }],
  ['app`f(x=<unavailable>) at a.c:3:4 [opt] [artificial]', { function: 'f', line: 3 }],
])('reads %s', (text, expected) => {
  const [thread] = threadsOf(parseText(lldb, `* thread #1\n    frame #0: 0x0000000187afd3cc ${text}`));
  expect(thread?.frames[0]).toMatchObject(expected);
});
