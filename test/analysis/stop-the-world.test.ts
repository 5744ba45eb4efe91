import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

// Python 3.14t, put together from Python/pystate.c: no free-threaded build at hand hangs like this on demand.
const DUMP = `Thread 3 (Thread 0x7f8b0a9fe6c0 (LWP 813) "loader"):
#0  0x00007f8b182aaed2 in __GI___poll (fds=0x7f8b0a9fd000, nfds=1, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29
#1  0x00007f8b17332199 in device_wait () from /srv/venv/lib/libdevice.so
#2  0x0000563c1b2bb0c9 in cfunction_vectorcall_NOARGS (func=0x7f8b18000010) at Objects/methodobject.c:484
#3  0x0000563c1b2cc0c9 in _PyEval_EvalFrameDefault (tstate=0x563c1c000000) at Python/generated_cases.c.h:1620
#4  0x00007f8b182ae1f5 in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442

Thread 2 (Thread 0x7f8b0b1ff6c0 (LWP 812) "feed"):
#0  futex_wait (futex_word=0x7f8b18335080, expected=0) at ../sysdeps/nptl/futex-internal.h:146
#1  0x0000563c1b2aa1c9 in _PySemaphore_Wait (sema=0x7f8b0b1fe000, timeout_ns=-1) at Python/parking_lot.c:120
#2  0x0000563c1b2aa2c9 in _PyParkingLot_Park (addr=0x563c1c3b1a28, timeout_ns=-1) at Python/parking_lot.c:329
#3  0x0000563c1b2aa3c9 in tstate_wait_attach (tstate=0x563c1c3b1a00) at Python/pystate.c:2103
#4  0x0000563c1b2aa4c9 in _PyThreadState_Attach (tstate=0x563c1c3b1a00) at Python/pystate.c:2140
#5  0x0000563c1b2cc0c9 in _PyEval_EvalFrameDefault (tstate=0x563c1c3b1a00) at Python/generated_cases.c.h:1620
#6  0x00007f8b182ae1f5 in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442

Thread 1 (Thread 0x7f8b18d0c740 (LWP 811) "python3"):
#0  futex_wait (futex_word=0x7f8b18335040, expected=0) at ../sysdeps/nptl/futex-internal.h:146
#1  0x0000563c1b2aa1c9 in _PySemaphore_Wait (sema=0x7ffe0b1fe000, timeout_ns=1000000) at Python/parking_lot.c:120
#2  0x0000563c1b2aa2c9 in _PyParkingLot_Park (addr=0x563c1c3b1a30, timeout_ns=1000000) at Python/parking_lot.c:329
#3  0x0000563c1b2aa5c9 in PyEvent_WaitTimed (evt=0x563c1c3b1a30, timeout_ns=1000000) at Python/lock.c:310
#4  0x0000563c1b2aa6c9 in stop_the_world (stw=0x563c1c3b1a20) at Python/pystate.c:2290
#5  0x0000563c1b2aa7c9 in gc_collect_internal (interp=0x563c1c000000) at Python/gc_free_threading.c:2203
#6  0x0000563c1b2cc0c9 in _PyEval_EvalFrameDefault (tstate=0x563c1c000000) at Python/generated_cases.c.h:1620
#7  0x0000563c1b2aa0c9 in main () at Programs/python.c:15
`;

test('threads that were stopped wait for who stopped them, and that one for the last that runs', () => {
  const { waits, capture } = diagnose([{ name: 'gdb.txt', text: DUMP }]);
  const labels = new Map(waits.nodes.map(({ id, label }) => [id, label]));
  expect(waits.edges.map(({ from, kind, to }) => `${labels.get(from)} ${kind} ${labels.get(to)}`)).toEqual([
    'python3 (1) wants the stop of all other threads',
    'the stop of all other threads held-by loader (3)',
    'feed (2) wants the stopped interpreter',
    'the stopped interpreter held-by python3 (1)',
  ]);
  expect(waits.cycles).toEqual([]);
  const feed = capture.processes[0]?.threads.find(({ name }) => name === 'feed');
  expect(feed?.wait?.says).toMatch(/^waits to be let run/);
});
