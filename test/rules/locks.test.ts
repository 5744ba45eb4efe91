import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

const CERTIFICATE = `Thread 2 (Thread 0x7f3a1103eb70 (LWP 94)):
#0  pthread_cond_timedwait@@GLIBC_2.3.2 () from /lib/libpthread.so.0
#1  0x00007f3a10aa8f1c in take_gil (tstate=0x7f187c002e50) at ../Python/ceval_gil.h:224
#2  0x00007f3a10ef577f in PyEval_RestoreThread (tstate=0x7f187c002e50) at ../Python/ceval.c:448
#3  0x00007f3a10d0413c in gil_ensure () at c/misc_thread_common.h:104
#4  0x00007f3a10c933c2 in cffi_call_python (externpy=0x7f188de21100) at c/call_python.c:234
#5  0x00007f3a106cd807 in verify_callback () from /srv/lib/libkeystore.so
#6  0x00007f3a10349094 in SSL_do_handshake () from /lib/libssl.so.1.1
`;

// What people paste: the innermost frames of one thread or two, of one tool.
const CASES: readonly (readonly [rule: string, text: string])[] = [
  ['gil-and-lock-cycle', CERTIFICATE],
  [
    'gil-and-lock-cycle',
    `${CERTIFICATE}
Traceback (most recent call first):
  Waiting for the GIL
  File "/usr/lib/python3.8/ssl.py", line 828, in do_handshake
  File "/usr/lib/python3.8/ssl.py", line 911, in wrap_socket
  File "/srv/app/vault.py", line 44, in open_vault`,
  ],
  [
    'gil-held-in-native-wait',
    `Thread 2 (Thread 0x7f3a00000000 (LWP 42)):
#0  0x00007f3a10db7eac in __psynch_mutexwait ()
#1  0x00007f3a10d2a579 in pthread_mutex_lock ()
#2  0x00007f3a1038f9d5 in player_queue ()
#3  0x00007f3a1095dbc4 in Playlist_append ()
#4  0x00007f3a10a9db19 in PyCFunction_Call (func=0x1264a98) at Objects/methodobject.c:81

Thread 1 (Thread 0x7f3a00801000 (LWP 43)):
#0  0x00007f3a10ba8ef6 in __psynch_cvwait ()
#1  0x00007f3a10604f47 in pthread_cond_wait$UNIX2003 ()
#2  0x00007f3a10b833b3 in PyThread_acquire_lock (lock=0x7a97f0e0, waitflag=1) at thread_pthread.h:452
#3  0x00007f3a10c01d5a in PyEval_RestoreThread (tstate=0x7c267f30) at Python/ceval.c:364
#4  0x00007f3a1092c8f9 in PyGILState_Ensure () at Python/pystate.c:592
#5  0x00007f3a103283c9 in on_track_end ()
#6  0x00007f3a10fe4cc2 in player_events ()`,
  ],
  [
    'lock-held-over-fork',
    `Thread 1 (Thread 0x7f3a00801000 (LWP 43)):
#0  futex_abstimed_wait (private=0, abstime=0x0, expected=3, futex_word=0x5627bc) at ../sysdeps/futex-internal.h:172
#1  0x00007f3a10289f79 in __pthread_rwlock_wrlock_full (abstime=0x0, rwlock=0x5627b0) at pthread_rwlock_common.c:706
#2  0x00007f3a10c189bc in __GI___pthread_rwlock_wrlock (rwlock=0x5627b0) at pthread_rwlock_wrlock.c:27
#3  0x00007f3a10755125 in CRYPTO_THREAD_write_lock () from /srv/lib/_openssl.abi3.so
#4  0x00007f3a10388723 in EVP_RAND_generate () from /srv/lib/_openssl.abi3.so`,
  ],
  [
    'loader-lock-held-in-wait',
    `#0  __lll_lock_wait (futex=0x7f7ae01333a0 <object_mutex>, private=0) at lowlevellock.c:52
#1  0x00007f3a100e2d0c in __GI___pthread_mutex_lock (mutex=0x7f7ae01333a0 <object_mutex>) at pthread_mutex_lock.c:80
#2  0x00007f3a10e36ac2 in _Unwind_Find_FDE (pc=0x7f7ae012be5b, bases=0x7f77d3792058) at unwind-dw2-fde-dip.c:459
#3  0x00007f3a100d5d4b in uw_frame_state_for (context=0x7f77d3791fb0, fs=0x7f77d3791e00) at unwind-dw2.c:1263`,
  ],
  [
    'collective-waits-for-rank',
    `#0  MPID_nem_barrier () at mpid_nem_barrier.c:74
#1  0x00007f3a10bc2576 in MPIDI_CH3I_Seg_commit (memory=0x2b2f88809818, num_local=4) at mpid_nem_alloc.c:449
#2  0x00007f3a103d00b1 in MPIDI_CH3_Init (has_parent=0, pg_p=0x2b2f89076000, pg_rank=1) at ch3_init.c:125`,
  ],
  [
    'locks-in-opposite-order',
    `Thread 100 (idle): "MainThread"
    _wait_for_tstate_lock (threading.py:1167)
    join (threading.py:1147)
    <module> (acme/ledger.py:60)
Thread 101 (idle): "book"
    book (acme/ledger.py:31)
    run (threading.py:1010)
    _bootstrap_inner (threading.py:1073)
    _bootstrap (threading.py:1030)
Thread 102 (idle): "close"
    close_month (acme/ledger.py:44)
    run (threading.py:1010)
    _bootstrap_inner (threading.py:1073)
    _bootstrap (threading.py:1030)`,
  ],
  [
    'lock-taken-twice',
    `Traceback (most recent call last):
  File "/srv/app/audit.py", line 29, in note
  File "/usr/lib/python3.8/queue.py", line 138, in put
  File "/usr/lib/python3.8/threading.py", line 392, in notify
  File "/srv/app/cursor.py", line 83, in __del__`,
  ],
  [
    'lock-wanted-in-signal-handler',
    `Traceback (most recent call first):
  File "/usr/lib/python2.7/threading.py", line 173, in acquire
  File "/srv/app/journal.py", line 51, in write
  File "/srv/app/daemon.py", line 14, in sigTerm`,
  ],
  [
    'nobody-left-to-signal',
    `Thread 100 (idle): "MainThread"
    wait (threading.py:320)
    join (queue.py:90)
    crawl (acme/crawl.py:77)
    <module> (acme/crawl.py:90)
Thread 101 (idle): "Status"
    wait (threading.py:324)
    wait (threading.py:607)
    show (acme/status.py:38)
    run (acme/task.py:32)
    _bootstrap_inner (threading.py:1016)
    _bootstrap (threading.py:973)
Thread 102 (idle): "Checker"
    wait (threading.py:320)
    get (queue.py:171)
    check (acme/checker.py:101)
    run (acme/task.py:32)
    _bootstrap_inner (threading.py:1016)
    _bootstrap (threading.py:973)`,
  ],
];

test.each(CASES)('%s is said first of an excerpt', (rule, text) => {
  expect(diagnose([{ name: 'ticket.txt', text }]).hypotheses[0]?.rule).toBe(rule);
});

const SILENT: readonly (readonly [what: string, rule: string, text: string])[] = [
  [
    'a worker still has a task of the queue that is joined',
    'nobody-left-to-signal',
    `Thread 100 (idle): "MainThread"
    wait (threading.py:320)
    join (queue.py:90)
    crawl (acme/crawl.py:77)
    <module> (acme/crawl.py:90)
Thread 102 (active): "Checker"
    parse (acme/checker.py:140)
    check (acme/checker.py:101)
    run (acme/task.py:32)
    _bootstrap_inner (threading.py:1016)
    _bootstrap (threading.py:973)`,
  ],
  [
    'threads that come round',
    'locks-in-opposite-order',
    `Thread 100 (idle): "MainThread"
    _wait_for_tstate_lock (threading.py:1167)
    join (threading.py:1147)
    <module> (acme/ledger.py:60)
Thread 101 (idle): "book"
    poll_accounts (acme/ledger.py:31)
    run (threading.py:1010)
    _bootstrap_inner (threading.py:1073)
    _bootstrap (threading.py:1030)
Thread 102 (idle): "close"
    monitor (acme/ledger.py:44)
    run (threading.py:1010)
    _bootstrap_inner (threading.py:1073)
    _bootstrap (threading.py:1030)`,
  ],
  [
    'a finalizer beside a queue, not inside of it',
    'lock-taken-twice',
    `Traceback (most recent call last):
  File "/srv/app/audit.py", line 29, in note
  File "/srv/app/cursor.py", line 83, in __del__`,
  ],
  [
    'the handler of an event of a program, called by the program',
    'lock-wanted-in-signal-handler',
    `Thread 81 (idle): "MainThread"
    acquire (threading.py:173)
    write (acme/journal.py:51)
    stop (acme/daemon.py:14)`,
  ],
];

test.each(SILENT)('%s: no word of %s', (_, rule, text) => {
  expect(diagnose([{ name: 'ticket.txt', text }]).hypotheses.map((said) => said.rule)).not.toContain(rule);
});
