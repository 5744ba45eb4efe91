import { describe, expect, test } from 'vitest';
import { diagnose } from '../src/index.ts';
import { firstOf } from './support/cases.ts';

/** Three Python frames, as somebody pastes them: all that the owner of the founding hang had for two years. */
const PYTHON = `Process 9954: python train.py
Python v3.7.16 (/usr/bin/python3.7)

Thread 9954 (idle): "MainThread"
    term (zmq/sugar/context.py:195)
    __del__ (zmq/sugar/context.py:74)
    random_function (mycodebase/mycode.py:83)
`;

/** The inner end of gdb's backtrace, begun at #1 and without a thread's header. */
const NATIVE = `#1  0x00007f2a1c2a4b4d in zmq::signaler_t::wait (this=this@entry=0x5576a51d1ac0, timeout_=timeout_@entry=-1) at src/signaler.cpp:218
#2  0x00007f2a1c281b6b in zmq::mailbox_t::recv (this=this@entry=0x5576a51d1a58, cmd_=cmd_@entry=0x7ffc8e0fd0d0, timeout_=timeout_@entry=-1) at src/mailbox.cpp:80
#3  0x00007f2a1c26d7c2 in zmq::ctx_t::terminate (this=0x5576a51d19c0) at src/ctx.cpp:165
`;

const say = (...texts: readonly string[]): string =>
  firstOf(diagnose(texts.map((text, index) => ({ name: `${index}`, text }))));

describe('the founding hang', () => {
  test('three Python frames make it likely', () => {
    expect(say(PYTHON)).toBe('likely: zmq-context-finalized');
  });

  test('the frames alone, without any header, do too', () => {
    expect(say(PYTHON.split('\n').slice(4).join('\n'))).toBe('likely: zmq-context-finalized');
  });

  test("gdb's frames beside them make it certain", () => {
    expect(say(PYTHON, NATIVE)).toBe('certain: zmq-context-finalized');
  });

  test('and so do both in one message with prose around them', () => {
    const message = `Hi all,\n\nabout one job in a hundred freezes. py-spy says:\n\n${PYTHON}\nI never call term(). So I attached gdb:\n\n${NATIVE}\nDoes anybody know this?\n`;
    expect(say(message)).toBe('certain: zmq-context-finalized');
  });

  test('the same frames under a receive are a server at rest', () => {
    const receive = NATIVE.replace(
      /#3 .*/,
      '#3  0x00007f2a1c26d7c2 in zmq::socket_base_t::process_commands (this=0x55) at src/socket_base.cpp:1\n#4  0x00007f2a1c26d7c2 in zmq::socket_base_t::recv (this=0x55) at src/socket_base.cpp:2',
    );
    expect(say(receive)).toBe('unknown');
  });

  test('term() called on purpose is another hang', () => {
    expect(say(PYTHON.replace('    __del__ (zmq/sugar/context.py:74)\n', '').replace('random_function', 'close'))).toBe(
      'likely: zmq-context-term-waits',
    );
  });
});

test('a diagnosis is the same whatever the order of its inputs', () => {
  expect(say(NATIVE, PYTHON)).toBe(say(PYTHON, NATIVE));
});
