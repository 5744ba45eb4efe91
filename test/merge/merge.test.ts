import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import type { Process } from '../../src/model/process.ts';

/** The processes that dumps given as texts merge into. */
function merged(...texts: readonly string[]): readonly Process[] {
  return diagnose(texts.map((text, index) => ({ name: `${index}.txt`, text }))).capture.processes;
}

const threadsOf = ([process]: readonly Process[]): unknown =>
  process?.threads.map(({ id, name, frames }) => `${id} ${name} ${frames.map((frame) => frame.function).join(' < ')}`);

const PY_SPY = `Process 900: python app.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 900 (idle): "MainThread"
    term (zmq/sugar/context.py:264)
    __del__ (zmq/sugar/context.py:140)
    work (app.py:9)
Thread 901 (idle): "worker-1"
    wait (threading.py:320)
`;

const GDB = `Thread 2 (Thread 0x7f10aa6c0 (LWP 901) "python"):
#0  0x00007f0000000001 in do_futex_wait () from /lib/libc.so.6

Thread 1 (Thread 0x7f10bb740 (LWP 900) "python"):
#0  0x00007f0000000002 in poll () from /lib/libc.so.6
#1  0x00007f0000000003 in zmq_ctx_term () from /lib/libzmq.so.5
`;

describe('threads of two tools are joined', () => {
  test("by the kernel's id", () => {
    expect(threadsOf(merged(PY_SPY, GDB))).toEqual([
      '900 MainThread poll < zmq_ctx_term < term < __del__ < work',
      '901 worker-1 do_futex_wait < wait',
    ]);
  });

  test('in either order', () => {
    expect(merged(GDB, PY_SPY).length).toBe(1);
  });

  test('by the pthread id, whatever its case and padding', () => {
    const faulthandler = PY_SPY.replace('Thread 900 (idle)', 'Thread 0x7F10BB740 (idle)').replace(
      'Thread 901 (idle)',
      'Thread 0x7F10AA6C0 (idle)',
    );
    expect(threadsOf(merged(faulthandler, GDB))).toEqual([
      '900 MainThread poll < zmq_ctx_term < term < __del__ < work',
      '901 worker-1 do_futex_wait < wait',
    ]);
  });

  test('a backtrace without any id goes where it fits', () => {
    const bare =
      '#0  0x00007f0000000002 in poll () from /lib/libc.so.6\n#1  0x00007f0000000003 in zmq::ctx_t::terminate() () from /lib/libzmq.so.5\n';
    expect(threadsOf(merged(PY_SPY, bare))).toEqual([
      '900 MainThread poll < zmq::ctx_t::terminate < term < __del__ < work',
      '901 worker-1 wait',
    ]);
  });
});

describe('processes are told apart', () => {
  test('by pid', () => {
    expect(merged(PY_SPY, PY_SPY.replaceAll('900', '700').replaceAll('901', '701')).map(({ pid }) => pid)).toEqual([
      900, 700,
    ]);
  });

  test('by rank, though pids are equal in their containers', () => {
    const prefixed = (rank: number): string =>
      PY_SPY.split('\n')
        .map((line) => `[rank${rank}]: ${line}`)
        .join('\n');
    expect(merged(`${prefixed(0)}\n${prefixed(1)}`).map(({ origin }) => origin)).toEqual(['rank0', 'rank1']);
  });

  test('threads that no pid names, by their ids', () => {
    expect(merged(PY_SPY, GDB.replaceAll('LWP 90', 'LWP 60')).length).toBe(2);
  });
});

describe('moments are compared', () => {
  const moved = PY_SPY.replace('work (app.py:9)', 'work (app.py:11)');

  test('equal stacks are stuck', () => {
    expect(merged(PY_SPY, PY_SPY)[0]?.threads.map(({ progress }) => progress)).toEqual(['stuck', 'stuck']);
  });

  test('other lines are movement', () => {
    expect(merged(PY_SPY, moved)[0]?.threads.map(({ progress }) => progress)).toEqual(['moving', 'stuck']);
  });

  test('one moment tells nothing', () => {
    expect(merged(PY_SPY, GDB)[0]?.threads.map(({ progress }) => progress)).toEqual([undefined, undefined]);
  });

  test('dumps of different threads are parts of one moment', () => {
    const [first = '', second = ''] = [
      PY_SPY.split('Thread 901')[0],
      `Process 900: python app.py\nPython v3.11.7 (/usr/bin/python3.11)\n\nThread 901${PY_SPY.split('Thread 901')[1]}`,
    ];
    const { capture } = diagnose([
      { name: 'a', text: first },
      { name: 'b', text: second },
    ]);
    expect(capture.moments).toBe(1);
    expect(capture.processes[0]?.threads.length).toBe(2);
  });
});
