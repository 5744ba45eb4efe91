import { expect, test } from 'vitest';
import { PARSERS } from '../../src/generated/parsers.ts';
import { diagnose } from '../../src/index.ts';
import { readInput } from '../../src/input/read.ts';

const BACKTRACES = `Thread 2 (Thread 0x7f8b0b1ff6c0 (LWP 812) "feed"):
#0  futex_wait (futex_word=0x7f8b18335080 <index_guard>, expected=2) at ../sysdeps/nptl/futex-internal.h:146
#1  0x00007f8b182aaed2 in __GI___lll_lock_wait (futex=0x7f8b18335080 <index_guard>) at ./nptl/lowlevellock.c:49
#2  0x00007f8b182b1c21 in ___pthread_mutex_lock (mutex=0x7f8b18335080 <index_guard>) at ./nptl/pthread_mutex_lock.c:93
#3  0x00007f8b18332199 in feed_take () at feed.c:21
#4  0x00007f8b182ae1f5 in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442

Thread 1 (Thread 0x7f8b18d0c740 (LWP 811) "server"):
#0  futex_wait (futex_word=0x7f8b18335040 <buffer_guard>, expected=2) at ../sysdeps/nptl/futex-internal.h:146
#1  0x00007f8b182aaed2 in __GI___lll_lock_wait (futex=0x7f8b18335040 <buffer_guard>) at ./nptl/lowlevellock.c:49
#2  0x00007f8b182b1c21 in ___pthread_mutex_lock (mutex=0x7f8b18335040 <buffer_guard>) at ./nptl/pthread_mutex_lock.c:93
#3  0x00007f8b18332288 in server_put () at feed.c:40
#4  0x0000563c1b2aa0c9 in main () at server.c:12
`;

const SESSION = `(gdb) thread apply all bt

${BACKTRACES}
(gdb) thread 2
[Switching to thread 2 (Thread 0x7f8b0b1ff6c0 (LWP 812))]
#0  futex_wait (futex_word=0x7f8b18335080 <index_guard>, expected=2) at ../sysdeps/nptl/futex-internal.h:146
(gdb) frame 2
#2  0x00007f8b182b1c21 in ___pthread_mutex_lock (mutex=0x7f8b18335080 <index_guard>) at ./nptl/pthread_mutex_lock.c:93
`;

/** The forms in which people look at a lock, and what gdb answers. */
const PRINTED: readonly (readonly [string, string])[] = [
  [
    'the whole lock',
    '(gdb) p *mutex\n$1 = {__data = {__lock = 2, __count = 0, __owner = 811, __nusers = 1}, __align = 2}',
  ],
  [
    'pretty',
    '(gdb) p *mutex\n$1 = {\n  __data = {\n    __lock = 2,\n    __owner = 811,\n    __nusers = 1\n  },\n  __align = 2\n}',
  ],
  ['a member', '(gdb) p mutex->__data.__owner\n$4 = 811'],
  ['a variable of the program', '(gdb) print index_guard.__data.__owner\n$2 = 811'],
];

test.each(PRINTED)('print of %s tells the owner', (_, printed) => {
  const { waits } = diagnose([{ name: 'session.txt', text: `${SESSION}${printed}\n(gdb) detach\n` }]);
  const held = waits.edges.filter(({ kind, inferred }) => kind === 'held-by' && !inferred);
  expect(held).toMatchObject([{ to: expect.stringContaining('thread 1 '), why: 'the lock itself names its owner' }]);
});

test.each(PRINTED)('print of %s costs no line and no thread', (_, printed) => {
  const { dumps, warnings } = readInput({ name: 'session.txt', text: `${SESSION}${printed}\n` }, PARSERS);
  expect(warnings).toEqual([]);
  expect(dumps.flatMap(({ processes }) => processes.map(({ threads }) => threads.length))).toEqual([2]);
});
