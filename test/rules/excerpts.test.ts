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
  [
    'gil-held-in-native-wait',
    `#0  __lll_lock_wait (futex=0x7f54ac010198, private=0) at lowlevellock.c:52
#1  0x00007f3a102f8db7 in __GI___pthread_mutex_lock (mutex=0x7f54ac010198) at ../nptl/pthread_mutex_lock.c:115
#2  0x00007f3a1015a519 in call_lock_acquire () from /usr/local/lib/libphone.so.2
#3  0x00007f3a1094558a in call_on_packet () from /usr/local/lib/libphone.so.2
#4  0x00007f3a10729dee in transport_receive () from /usr/local/lib/libphone.so.2`,
  ],
  [
    'worker-does-not-answer',
    `Current thread 0x00007fff7b73f000 (most recent call first):
  File "/usr/lib/python3.8/multiprocessing/connection.py", line 383 in _recv
  File "/usr/lib/python3.8/multiprocessing/connection.py", line 216 in recv_bytes
  File "/srv/app/elastic_pool.py", line 312 in _drain
  File "/srv/app/elastic_pool.py", line 249 in _terminate_pool
  File "/usr/lib/python3.8/multiprocessing/util.py", line 185 in __call__`,
  ],
  [
    'native-threads-lost-over-fork',
    `#0  futex_wait_cancelable (private=0, expected=0, futex_word=0x7ffea44694f8) at futex-internal.h:183
#1  0x00007f3a100f5747 in __pthread_cond_wait_common (abstime=0x0, clockid=0) at pthread_cond_wait.c:508
#2  0x00007f3a10bf0212 in __pthread_cond_wait (cond=0x7ffea44694d0, mutex=0x7ffea44694a8) at pthread_cond_wait.c:638
#3  0x00007f3a10a76f62 in std::condition_variable::wait(std::unique_lock<std::mutex>&) () from /lib/libstdc++.so.6
#4  0x00007f3a10cd34b9 in Eigen::Barrier::Wait() () from /srv/lib/_kernels.so`,
  ],
  [
    'collective-waits-for-rank',
    `#0  0x00007f3a100c81a2 in ccl_executor::wait(ccl_request const*) () from /opt/ccl/lib/libccl.so.1
#1  0x00007f3a106d63e0 in ccl_coll_create(ccl_coll_param&, ccl_coll_attr const&) () from /opt/ccl/lib/libccl.so.1
#2  0x00007f3a10838bbb in ccl_allreduce_impl(void const*, void*, unsigned long) () from /opt/ccl/lib/libccl.so.1`,
  ],
  [
    'pipe-full',
    `Current thread 0x00000000000002e8 (most recent call first):
  File "C:\\Python311\\Lib\\multiprocessing\\connection.py", line 282 in _send_bytes
  File "C:\\Python311\\Lib\\multiprocessing\\connection.py", line 199 in send_bytes
  File "C:\\Python311\\Lib\\multiprocessing\\queues.py", line 246 in _feed
  File "C:\\Python311\\Lib\\threading.py", line 996 in run`,
  ],
  [
    'exit-waits-in-native-code',
    `#0  __libc_pause () at ../sysdeps/unix/sysv/linux/pause.c:29
#1  0x00007f3a10327e98 in pyo3_ffi::pystate::{impl#0}::drop (self=0x7fe67a1839cd) at pyo3-ffi/src/pystate.rs:83
#2  0x00007f3a10987f4f in pyo3_ffi::pystate::PyGILState_Ensure () at pyo3-ffi/src/pystate.rs:137
#3  0x00007f3a10875a60 in pyo3::gil::GILGuard::acquire () at src/gil.rs:194
#4  0x00007f3a10b2a727 in meter::report::{closure#0} () at src/report.rs:27`,
  ],
  [
    'read-without-timeout',
    `#0  poll () at ../sysdeps/unix/syscall-template.S:81
#1  0x00007f3a10f93dd3 in _xcb_conn_wait (c=0x1054260, cond=0x7fff3f1f7030) at xcb_conn.c:414
#2  0x00007f3a1065d900 in xcb_wait_for_reply (c=0x1054260, request=16876) at xcb_in.c:429
#3  0x00007f3a10f1e614 in _XReply (dpy=0xbe0c60, rep=0x7fff3f1f7140, extra=0, discard=1) at xcb_io.c:602
#4  0x00007f3a1046b81a in XSync (dpy=0xbe0c60, discard=0) at Sync.c:44`,
  ],
  [
    'nobody-left-to-signal',
    `Thread 81 (idle): "MainThread"
    select (selectors.py:468)
    _run_once (asyncio/base_events.py:1961)
    run_forever (asyncio/base_events.py:645)
    run_until_complete (asyncio/base_events.py:678)
    run (asyncio/runners.py:118)
    inner (pytest_asyncio/plugin.py:905)
    pytest_pyfunc_call (_pytest/python.py:167)`,
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
  [
    'a service whose loop rests',
    'nobody-left-to-signal',
    `Thread 81 (idle): "MainThread"
    select (selectors.py:468)
    _run_once (asyncio/base_events.py:1961)
    run_forever (asyncio/base_events.py:645)
    run_until_complete (asyncio/base_events.py:678)
    run (asyncio/runners.py:118)
    main (acme/gateway.py:40)`,
  ],
  [
    'a library of macOS that computes on the calling thread',
    'native-threads-lost-over-fork',
    `* thread #1, stop reason = signal SIGSTOP
  * frame #0: 0x00007fff5b000000 libLAPACK.dylib\`___lldb_unnamed_symbol_190f44c5c + 10
    frame #1: 0x00007fff5b001000 libLAPACK.dylib\`___lldb_unnamed_symbol_190ac59c4 + 11
    frame #2: 0x00007fff5b004000 libLAPACK.dylib\`dgesdd$NEWLAPACK + 14
    frame #3: 0x00007fff5b005000 _linalg.so\`call_gesdd + 15`,
  ],
  [
    'the main thread of a program that waits for a signal',
    'exit-waits-in-native-code',
    `#0  __libc_pause () at ../sysdeps/unix/sysv/linux/pause.c:29
#1  0x00007f3a10327e98 in signal_pause_impl (module=0x7fe67a1839cd) at Modules/signalmodule.c:481
#2  0x00007f3a10987f4f in cfunction_vectorcall_NOARGS (func=0x7fe67a18) at Objects/methodobject.c:489`,
  ],
];

test.each(SILENT)('%s: no word of %s', (_, rule, text) => {
  expect(diagnose([{ name: 'ticket.txt', text }]).hypotheses.map((said) => said.rule)).not.toContain(rule);
});
