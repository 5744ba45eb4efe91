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
