import { defineRule } from '../rule.ts';

const CANCELS = 'py:{_cancel_all_tasks, _cancel_tasks, cancel_all_tasks}!';

const NOTES = { [CANCELS]: 'the main coroutine is over: all other tasks were cancelled, and are waited for' };

export default defineRule({
  id: 'loop-ends-waiting-for-task',
  cause: 'missing-notify',
  library: 'asyncio',
  title: 'the event loop is at its end and waits for a task that does not end',
  summary:
    'The main coroutine has returned. The runner cancelled the tasks that were left and waits until each of them has ended, without a limit. One of them does not end: it swallowed the cancellation, or waits again while it cleans up.',
  explanation:
    'Both asyncio.run() and the runners of servers cancel what still runs and gather it. Cancelling raises CancelledError where the task awaits; a task that catches it (a bare except or except BaseException in a retry loop), shields what it awaits, or awaits something in its finally block goes on. The loop goes on with it, so nothing looks blocked. It depends on where each task is when the program ends.',
  signatures: [
    {
      find: `${CANCELS} -> py:run_until_complete@asyncio/base_events.py -> py:{_run_once, select}`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'py:_cancel_all_tasks@asyncio/runners.py$', confidence: 'possible', stuck: 'likely' },
  ],
  needs: ['the Python frames: py-spy dump --pid PID', 'which task it is: python -m asyncio pstree PID (Python 3.14)'],
  notWhen: [
    'the tasks end a moment later: two moments show it',
    'asyncio joins its default executor: loop-ends-waiting-for-executor',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'A second Ctrl-C interrupts the wait; otherwise end the process.',
      command: 'kill -INT PID',
    },
    {
      kind: 'fix',
      step: 'Let CancelledError through: catch Exception, not BaseException or everything, and raise again after cleaning up. Bound what a finally block awaits: async with asyncio.timeout(5).',
    },
    {
      kind: 'prevent',
      step: 'Keep tasks in an asyncio.TaskGroup or a set, and end them before main() returns: task.cancel(), then await asyncio.wait({task}, timeout=5).',
    },
    {
      kind: 'verify',
      step: 'Print what is left at the end of main(): only the task of main() itself should be.',
      command: 'print(asyncio.all_tasks())',
    },
  ],
  references: [
    {
      title: 'cjrh/aiorun#77',
      url: 'https://github.com/cjrh/aiorun/issues/77',
      establishes:
        'a task that catches CancelledError and goes on keeps the program from ending; fixed there by a limit (#79), asyncio.run() has none',
    },
    {
      title: 'python/cpython#125502',
      url: 'https://github.com/python/cpython/issues/125502',
      establishes:
        'asyncio.run() waits for ever for a task that waits for a child, when the cancellation comes while its pipes are connected',
    },
    {
      title: 'asyncio: task cancellation',
      url: 'https://docs.python.org/3/library/asyncio-task.html#task-cancellation',
      establishes: 'a coroutine that catches CancelledError should raise it again when it has cleaned up',
    },
  ],
});
