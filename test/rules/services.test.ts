import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

// What people paste: the innermost frames of one thread, of one tool.
const CASES: readonly (readonly [rule: string, text: string])[] = [
  [
    'socket-stays-silent',
    `Thread 81 (idle): "MainThread"
    recv_into (ssl.py:1252)
    readinto (socket.py:706)
    read_reply (acme_erp/transport.py:88)
    call (acme_erp/session.py:31)`,
  ],
  [
    'read-without-timeout',
    `Thread 81 (idle): "MainThread"
    wait (threading.py:306)
    read (paramiko/buffered_pipe.py:160)
    recv (paramiko/channel.py:697)
    upload (deploy.py:20)`,
  ],
  [
    'read-without-timeout',
    `Thread 81 (idle): "MainThread"
    wait (threading.py:312)
    _wait_once (grpc/_common.py:106)
    wait (grpc/_common.py:148)
    _next (grpc/_channel.py:881)
    __next__ (grpc/_channel.py:426)
    follow (orders.py:12)`,
  ],
  [
    'read-without-timeout',
    `Thread 1 (Thread 0x7f1 (LWP 81)):
#0  0x00007f1 in __GI___poll (fds=0x7f1, nfds=1, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29
#1  0x00007f1 in ?? () from /lib/x86_64-linux-gnu/libcurl.so.4
#2  0x00007f1 in curl_multi_poll () from /lib/x86_64-linux-gnu/libcurl.so.4
#3  0x00007f1 in ?? () from /srv/venv/lib/python3.11/site-packages/pycurl.cpython-311-x86_64-linux-gnu.so`,
  ],
  [
    'read-without-timeout',
    `Thread 1 (Thread 0x7f1 (LWP 81)):
#0  0x00007f1 in __libc_read (fd=5, buf=0x55, nbytes=5) at ../sysdeps/unix/sysv/linux/read.c:26
#1  0x00007f1 in ?? () from /lib/x86_64-linux-gnu/libcrypto.so.3
#2  0x00007f1 in BIO_read () from /lib/x86_64-linux-gnu/libcrypto.so.3
#3  0x00007f1 in ?? () from /lib/x86_64-linux-gnu/libssl.so.3`,
  ],
  [
    'statement-not-answered',
    `Thread 1 (Thread 0x7f1 (LWP 81)):
#0  0x00007f1 in __GI___poll (fds=0x7f1, nfds=1, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29
#1  0x00007f1 in ?? () from /srv/venv/lib/python3.11/site-packages/psycopg2/../psycopg2_binary.libs/libpq-f521cc7d.so.5.17
#2  0x00007f1 in ?? () from /srv/venv/lib/python3.11/site-packages/psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so`,
  ],
  [
    'statement-not-answered',
    `Thread 81 (idle): "MainThread"
    readinto (socket.py:706)
    read (clickhouse_driver/bufferedreader.py:20)
    read_varint (clickhouse_driver/varint.py:40)
    receive_packet (clickhouse_driver/connection.py:540)`,
  ],
  [
    'event-loop-blocked-by-call',
    `Thread 1 (Thread 0x7f1 (LWP 81)):
#0  0x00007f1 in __libc_recv (fd=14, buf=0x55, len=8192, flags=0) at ../sysdeps/unix/sysv/linux/recv.c:28
#1  0x00007f1 in _PyEval_EvalFrameDefault ()
#2  0x00007f1 in ?? () from /usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64-linux-gnu.so
#3  0x00007f1 in ?? () from /usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64-linux-gnu.so
#4  0x00007f1 in _PyEval_EvalFrameDefault ()`,
  ],
  [
    'data-loader-waits-for-worker',
    `Thread 81 (idle): "MainThread"
    wait (threading.py:302)
    get (multiprocessing/pool.py:651)
    __next__ (mxnet/gluon/data/dataloader.py:484)
    train (fit.py:30)`,
  ],
];

test.each(CASES)('%s: %s', (rule, text) => {
  const { hypotheses } = diagnose([{ name: 'pasted.txt', text }]);
  expect(hypotheses.map(({ confidence, rule: said }) => `${confidence}: ${said}`)[0]).toBe(`possible: ${rule}`);
});

// Subscribers and servers rest where a client waits.
const AT_REST: readonly string[] = [
  `Thread 81 (idle): "MainThread"
    recv_into (ssl.py:1252)
    readinto (socket.py:706)
    read_frame (acme_feed/socket.py:88)
    run_forever (acme_feed/app.py:31)`,
  `Thread 81 (idle): "MainThread"
    readinto (socket.py:706)
    read_request (acme/http.py:88)
    handle_request (gunicorn/workers/sync.py:31)`,
];

test.each(AT_REST)('no silent server: %s', (text) => {
  expect(diagnose([{ name: 'pasted.txt', text }]).hypotheses).toEqual([]);
});
