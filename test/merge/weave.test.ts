import { describe, expect, test } from 'vitest';
import { FrameKnowledge } from '../../src/frames/known-frame.ts';
import { type Woven, weave } from '../../src/merge/weave.ts';
import { frames } from '../support/stacks.ts';

const EVAL = 'c _PyEval_EvalFrameDefault';

function woven(python: readonly string[], native: readonly string[], truncated = false): Woven {
  return weave({ python: frames(...python), native: frames(...native), truncated }, new FrameKnowledge());
}

const names = ({ frames: all }: Woven): string[] => all.map((frame) => frame.function);

describe('one evaluation frame a Python frame', () => {
  test('each follows its own', () => {
    const result = woven(['py wait a.py', 'py run a.py'], ['c poll', EVAL, 'c PyObject_Call', EVAL, 'c main']);
    expect(names(result)).toEqual([
      'poll',
      '_PyEval_EvalFrameDefault',
      'wait',
      'PyObject_Call',
      '_PyEval_EvalFrameDefault',
      'run',
      'main',
    ]);
    expect(result.unplaced).toEqual([]);
  });

  test('a native stack cut at its outer end is placed from the inner', () => {
    const result = woven(['py a a.py', 'py b a.py', 'py c a.py'], ['c poll', EVAL, 'c PyObject_Call', EVAL], true);
    expect(names(result)).toEqual([
      'poll',
      '_PyEval_EvalFrameDefault',
      'a',
      'PyObject_Call',
      '_PyEval_EvalFrameDefault',
      'b',
      'c',
    ]);
  });
});

describe('one evaluation frame for several Python frames, as since 3.11', () => {
  test('a slot names the method that begins its run', () => {
    const python = ['py term z.py', 'py destroy z.py', 'py __del__ z.py', 'py work a.py', 'py <module> a.py'];
    const result = woven(python, ['c poll', EVAL, 'c slot_tp_finalize', 'c gc_collect_main', EVAL, 'c main']);
    expect(names(result)).toEqual([
      'poll',
      '_PyEval_EvalFrameDefault',
      'term',
      'destroy',
      '__del__',
      'slot_tp_finalize',
      'gc_collect_main',
      '_PyEval_EvalFrameDefault',
      'work',
      '<module>',
      'main',
    ]);
  });

  test("py-spy's entry marks decide", () => {
    const python = frames('py c a.py', 'py b a.py', 'py a a.py').map((frame, index) => ({
      ...frame,
      entry: index === 0 || index === 2,
    }));
    const result = weave(
      { python, native: frames(EVAL, 'c some_callback', EVAL), truncated: false },
      new FrameKnowledge(),
    );
    expect(names(result)).toEqual([
      '_PyEval_EvalFrameDefault',
      'c',
      'some_callback',
      '_PyEval_EvalFrameDefault',
      'b',
      'a',
    ]);
  });

  test('where nothing tells, both stacks are kept', () => {
    const result = woven(['py c a.py', 'py b a.py', 'py a a.py'], ['c poll', EVAL, 'c some_callback', EVAL, 'c main']);
    expect(names(result)).toEqual(['poll', 'c', 'b', 'a']);
    expect(result.unplaced.map((frame) => frame.function)).toEqual([
      'poll',
      '_PyEval_EvalFrameDefault',
      'some_callback',
      '_PyEval_EvalFrameDefault',
      'main',
    ]);
  });

  test('nor is anything guessed when Python frames are missing', () => {
    expect(woven(['py a a.py'], [EVAL, 'c x', EVAL]).unplaced).toHaveLength(3);
  });
});

describe('no evaluation frame', () => {
  test('an excerpt of the inner end stands inside the Python stack', () => {
    const result = woven(
      ['py term z.py', 'py __del__ z.py'],
      ['c poll', 'c zmq::signaler_t::wait', 'c zmq::mailbox_t::recv'],
    );
    expect(names(result)).toEqual(['poll', 'zmq::signaler_t::wait', 'zmq::mailbox_t::recv', 'term', '__del__']);
  });

  test('an interpreter without symbols keeps only what lies inside it', () => {
    const result = woven(
      ['py term z.py'],
      ['c poll libc.so.6', 'c zmq_ctx_term libzmq.so.5', 'c ?? libpython3.11.so.1.0', 'c main'],
    );
    expect(names(result)).toEqual(['poll', 'zmq_ctx_term', 'term']);
    expect(result.unplaced).toHaveLength(4);
  });
});
