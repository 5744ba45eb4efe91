import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

const START =
  '    run (threading.py:982)\n    _bootstrap_inner (threading.py:1045)\n    _bootstrap (threading.py:1002)';

function idleAs(frames: string, activity = 'idle'): string | undefined {
  const text = `Process 80: python app.py\nPython v3.11.7 (/usr/bin/python3.11)\n\nThread 81 (${activity}): "T"\n${frames}\n`;
  return diagnose([{ name: 'py-spy.txt', text }]).capture.processes[0]?.threads[0]?.idleAs;
}

describe('a thread at rest', () => {
  test('of an unknown library takes from a queue', () => {
    const frames = `    wait (threading.py:327)\n    get (queue.py:171)\n    _drain (/usr/lib/python3/site-packages/newlib/sender.py:40)\n${START}`;
    expect(idleAs(frames)).toBe('thread of a library waiting for work');
  });

  test('is known on musl, where all threads are said to be active', () => {
    expect(idleAs(`    _worker (concurrent/futures/thread.py:81)\n${START}`, 'active')).toBe('idle executor worker');
  });

  test('does not hold the GIL', () => {
    expect(idleAs(`    _worker (concurrent/futures/thread.py:81)\n${START}`, 'active+gil')).toBeUndefined();
  });

  test('waits for no answer', () => {
    const frames = `    wait (threading.py:327)\n    wait (threading.py:629)\n    flush (/usr/lib/python3/site-packages/newlib/sender.py:40)\n${START}`;
    expect(idleAs(frames)).toBeUndefined();
  });

  test('is not what a collector or a foreign lock stops inside of it', () => {
    const rest = `    wait (threading.py:327)\n    get (queue.py:171)\n    _monitor (logging/handlers.py:1577)\n${START}`;
    expect(idleAs(rest)).toBe('log listener');
    expect(idleAs(`    acquire (ddtrace/profiling/collector/_lock.py:121)\n${rest}`)).toBeUndefined();
    expect(idleAs(`    __del__ (client.py:12)\n${rest}`)).toBeUndefined();
  });

  test('is no event of the main program', () => {
    expect(
      idleAs('    wait (threading.py:331)\n    wait (threading.py:629)\n    main (app.py:8)\n    <module> (app.py:12)'),
    ).toBeUndefined();
  });
});

test('a traceback makes no process healthy', () => {
  const frames = [
    '  File "/usr/lib/python3.11/asyncio/base_events.py", line 607, in run_forever\n    self._run_once()',
    '  File "/usr/lib/python3.11/asyncio/base_events.py", line 1884, in _run_once\n    event_list = self._selector.select(timeout)',
    '  File "/usr/lib/python3.11/selectors.py", line 468, in select\n    fd_event_list = self._selector.poll(timeout, max_ev)',
  ];
  const text = `Traceback (most recent call last):\n${frames.join('\n')}\nKeyboardInterrupt\n`;
  expect(diagnose([{ name: 'log.txt', text }]).verdict).toBe('unknown');
});
