import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

// What people paste: one thread, cut at its ends.
const BLOCKED: readonly (readonly [string, string])[] = [
  [
    'a request below a handler of a framework, the loop left out',
    `Thread 81 (idle): "MainThread"
    readinto (socket.py:706)
    _read_status (http/client.py:286)
    getresponse (http/client.py:1395)
    prices (shop/views.py:31)
    app (starlette/routing.py:74)`,
  ],
  [
    'uvloop, which has no Python frame of its own',
    `Thread 81 (idle): "MainThread"
    getaddrinfo (socket.py:962)
    resolve (crawler.py:9)
    run (asyncio/runners.py:118)
    run (asyncio/runners.py:190)`,
  ],
  [
    'a timer of the Twisted reactor',
    `Thread 81 (idle): "MainThread"
    do_handshake (ssl.py:1343)
    refresh (feeds.py:31)
    runUntilCurrent (twisted/internet/base.py:994)`,
  ],
  [
    'a thread of a program that gevent patched, on the main thread',
    `Process 81: python worker.py
Thread 81 (idle): "MainThread"
    _blocking (grpc/_channel.py:1142)
    count (stock.py:12)
    run (threading.py:953)
    _bootstrap_inner (threading.py:1016)`,
  ],
  [
    'a callback of tkinter',
    `Thread 81 (idle): "MainThread"
    create_connection (socket.py:844)
    on_click (window.py:20)
    __call__ (tkinter/__init__.py:1948)
    mainloop (tkinter/__init__.py:1504)`,
  ],
  [
    'what Ctrl-C interrupted, with a call that has no Python frame',
    `Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/base_events.py", line 1922, in _run_once
    handle._run()
  File "/usr/lib/python3.11/asyncio/events.py", line 80, in _run
    self._context.run(self._callback, *self._args)
  File "/srv/app/bot.py", line 20, in on_message
    time.sleep(60)
KeyboardInterrupt`,
  ],
];

const NOT_BLOCKED: readonly (readonly [string, string])[] = [
  [
    'at work: the thread holds the GIL',
    `Thread 81 (active+gil): "MainThread"
    iterencode (json/encoder.py:258)
    prices (shop/views.py:31)
    app (starlette/routing.py:74)`,
  ],
  [
    'a transport of the loop writes, which does not block',
    `Thread 81 (active): "MainThread"
    send (libc.so.6)
    sock_send (socketmodule.c:4000)
    write (asyncio/selector_events.py:1081)
    answer (chat.py:7)
    _run (asyncio/events.py:88)`,
  ],
  [
    'an exception that a callback raised',
    `Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/events.py", line 80, in _run
    self._context.run(self._callback, *self._args)
  File "/srv/app/bot.py", line 20, in on_message
    raise ValueError(text)
ValueError: empty`,
  ],
  [
    'a hub at rest',
    `Thread 81 (idle): "MainThread"
    do_poll (eventlet/hubs/epolls.py:31)
    wait (eventlet/hubs/poll.py:80)
    run (eventlet/hubs/hub.py:362)`,
  ],
  [
    'a cell of a notebook',
    `Thread 81 (idle): "MainThread"
    readinto (socket.py:706)
    <module> (3890534898.py:3)
    run_code (IPython/core/interactiveshell.py:3823)
    do_execute (ipykernel/ipkernel.py:460)
    _run (asyncio/events.py:80)`,
  ],
];

describe('a callback that stands in a blocking call', () => {
  test.each(BLOCKED)('%s', (_, text) => {
    expect(diagnose([{ name: 'py-spy.txt', text }]).hypotheses.map(({ rule }) => rule)).toContain(
      'event-loop-blocked-by-call',
    );
  });

  test.each(NOT_BLOCKED)('not: %s', (_, text) => {
    expect(diagnose([{ name: 'py-spy.txt', text }]).hypotheses.map(({ rule }) => rule)).not.toContain(
      'event-loop-blocked-by-call',
    );
  });
});
