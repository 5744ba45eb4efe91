import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

// What people paste: the innermost frames of one thread, of one tool.
const CASES: readonly (readonly [rule: string, text: string])[] = [
  [
    'child-does-not-end',
    `Thread 81 (idle): "MainThread"
    poll (billiard/popen_fork.py:31)
    wait (billiard/popen_fork.py:47)
    join (billiard/process.py:138)
    retire_workers (acme/prefork.py:140)`,
  ],
  [
    'child-does-not-end',
    `Thread 81 (idle): "MainThread"
    _execute_child (subprocess.py:1901)
    __init__ (subprocess.py:1036)
    probe_disk (acme/health.py:15)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    _help_stuff_finish (multiprocess/pool.py:674)
    _terminate_pool (multiprocess/pool.py:689)
    __call__ (multiprocess/util.py:224)
    __exit__ (multiprocess/pool.py:736)
    encode_all (acme/tokens.py:30)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    _recv (multiprocessing/connection.py:384)
    _recv_bytes (multiprocessing/connection.py:419)
    recv (multiprocessing/connection.py:255)
    start (multiprocessing/managers.py:566)
    share_state (acme/state.py:57)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    read_signed (multiprocessing/forkserver.py:346)
    _launch (multiprocessing/popen_forkserver.py:57)
    __init__ (multiprocessing/popen_fork.py:19)
    start (multiprocessing/process.py:121)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 1 (Thread 0x7f1 (LWP 81)):
Traceback (most recent call first):
  <built-in method acquire of _thread.lock object at remote 0x7f1>
  File "/usr/lib/python3.10/threading.py", line 1116, in _wait_for_tstate_lock
    if lock.acquire(block, timeout):
  File "/usr/lib/python3.10/threading.py", line 1096, in join
    self._wait_for_tstate_lock()
  File "/usr/lib/python3.10/multiprocessing/pool.py", line 717, in _terminate_pool
    task_handler.join()`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    _recv (multiprocessing/connection.py:379)
    _recv_bytes (multiprocessing/connection.py:414)
    recv (multiprocessing/connection.py:250)
    step_wait (acme_gym/vector.py:130)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    select_ignore_interrupts (pexpect/utils.py:143)
    read_nonblocking (pexpect/pty_spawn.py:450)
    expect_loop (pexpect/expect.py:111)
    configure (acme/router.py:31)`,
  ],
  [
    'child-does-not-end',
    `Thread 81 (idle): "MainThread"
    switch (gevent/_greenlet_primitives.py:65)
    switch (gevent/hub.py:600)
    wait (gevent/subprocess.py:900)
    convert (acme/video.py:31)`,
  ],
  [
    'process-is-stopped',
    `Thread 81 (idle): "MainThread"
    accept (socket.py:292)
    __init__ (remote_pdb.py:84)
    set_trace (remote_pdb.py:150)
    checkout (acme/views.py:10)`,
  ],
  [
    'lock-held-over-fork',
    `Thread 81 (idle): "MainThread"
    __init__ (h5py/_hl/files.py:560)
    load_volume (acme/volumes.py:40)
    run (multiprocessing/process.py:93)
    _bootstrap (multiprocessing/process.py:297)
    _launch (multiprocessing/popen_fork.py:74)`,
  ],
  [
    'native-threads-lost-over-fork',
    `* thread #1, queue = 'com.apple.main-thread', stop reason = signal SIGSTOP
  * frame #0: 0x0000000196e libsystem_kernel.dylib\`__ulock_wait + 8
    frame #1: 0x0000000196c libdispatch.dylib\`_dispatch_group_wait_slow + 28
    frame #2: 0x0000000196c libBLAS.dylib\`dgemm + 132
    frame #3: 0x0000000103 _multiarray_umath.cpython-312-darwin.so\`cblas_matrixproduct + 3368`,
  ],
  [
    'file-lock-held-elsewhere',
    `Thread 81 (idle): "MainThread"
    __enter__ (acme/storage.py:15)
        Arguments:
            self: <PidFileLock at 0x7f96cff77df0>
    publish (acme/site.py:25)`,
  ],
  [
    'file-lock-held-elsewhere',
    `Thread 81 (idle): "MainThread"
    acquire (acme/lockfile.py:15)
    publish (acme/site.py:25)`,
  ],
  [
    'lock-held-over-fork',
    `Process 100: python sync.py
Python v3.9.9 (/usr/bin/python3.9)

Thread 100 (idle): "MainThread"
    wait (threading.py:312)
    main (sync.py:3)
Thread 117 (idle): "permissions"
    _execute_child (subprocess.py:1777)
    __init__ (subprocess.py:951)
    run (sync.py:10)

Process 200: python sync.py
Python v3.9.9 (/usr/bin/python3.9)

Thread 200 (idle): "permissions"
    _execute_child (subprocess.py:1754)
    __init__ (subprocess.py:951)
    run (sync.py:10)`,
  ],
  [
    'zmq-socket-used-after-fork',
    `Thread 81 (active): "MainThread"
    recv (zmq/backend/cython/_zmq.py:1150)
    next_item (acme/pipeline.py:15)
    run (multiprocessing/process.py:108)
    _bootstrap (multiprocessing/process.py:314)
    _launch (multiprocessing/popen_fork.py:71)`,
  ],
  [
    'worker-does-not-answer',
    `Thread 81 (idle): "MainThread"
    __enter__ (multiprocessing/synchronize.py:95)
    count_up (acme/progress.py:33)
    main (acme/progress.py:50)`,
  ],
  [
    'nobody-left-to-signal',
    `Timeout (0:01:00)!
Thread 0x00007f9f7d6ff740 (most recent call first):
  File "/usr/lib/python3.8/threading.py", line 302 in wait
  File "/usr/lib/python3.8/queue.py", line 170 in get
  File "/srv/acme/pool.py", line 50 in checkout
  File "/srv/acme/worker.py", line 20 in task
  File "/usr/lib/python3.8/multiprocessing/process.py", line 108 in run
  File "/usr/lib/python3.8/multiprocessing/process.py", line 313 in _bootstrap
  File "/usr/lib/python3.8/multiprocessing/popen_fork.py", line 75 in _launch`,
  ],
  [
    'zmq-context-term-waits',
    `TID 81:
#0  0x00007fe0d1fba26f __poll
#1  0x00007fe0d1461945
#2  0x00007fe0d148dcfa zmq_ctx_term
#3  0x00007fe0d148deb7 zmq_ctx_destroy
#4  0x00007fe0d00096c0`,
  ],
  [
    'zmq-context-finalized',
    `#0  0x00007f1 in poll () from /lib64/libc.so.6
#1  0x00007f1 in zmq::signaler_t::wait (this=0x1, timeout_=-1) at src/signaler.cpp:228
#2  0x00007f1 in zmq::mailbox_t::recv (this=0x1, cmd_=0x2, timeout_=-1) at src/mailbox.cpp:81
#3  0x00007f1 in zmq::ctx_t::terminate (this=0x1) at src/ctx.cpp:209
#4  0x00007f1 in zmq_ctx_term (ctx_=0x1) at src/zmq.cpp:157
#5  0x00007f1 in __pyx_tp_dealloc_3zmq_7backend_6cython_7context_Context (o=0x7f1) at zmq/backend/cython/context.c:1801
#6  0x00007f1 in dict_dealloc (mp=0x7f1) at Objects/dictobject.c:2010`,
  ],
];

test.each(CASES)('%s', (rule, text) => {
  const [first] = diagnose([{ name: 'excerpt.txt', text }]).hypotheses;
  expect(first?.rule).toBe(rule);
});

// Workers rest where they wait for orders; an event of another process is no future of a loop.
const SILENT: readonly string[] = [
  `Thread 81 (idle): "MainThread"
    _recv (multiprocessing/connection.py:379)
    _recv_bytes (multiprocessing/connection.py:414)
    recv (multiprocessing/connection.py:250)
    env_worker (acme_gym/vector.py:30)`,
  `Thread 81 (idle): "MainThread"
    wait (multiprocessing/synchronize.py:261)
    wait (multiprocessing/synchronize.py:349)
    sync (acme/train.py:33)`,
];

test.each(SILENT)('nothing is said: %s', (text) => {
  expect(diagnose([{ name: 'excerpt.txt', text }]).hypotheses).toEqual([]);
});
