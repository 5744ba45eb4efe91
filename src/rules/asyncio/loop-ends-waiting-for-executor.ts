import { defineRule } from '../rule.ts';

const JOINS = 'py:_do_shutdown@asyncio/base_events.py!';
const CLOSES = 'py:{close, run}@asyncio/runners.py!';

export default defineRule({
  id: 'loop-ends-waiting-for-executor',
  cause: 'threads-at-exit',
  library: 'asyncio',
  title: 'the event loop is at its end and waits for a job of its executor',
  summary:
    'The main coroutine has returned. The runner now waits for the threads of the default executor, and one of them runs a job that does not end. A thread cannot be cancelled.',
  explanation:
    'Both loop.run_in_executor(None, …) and asyncio.to_thread() run on the default executor. At its end asyncio.run() calls shutdown_default_executor(), which joins all its threads, without a limit that takes effect before Python 3.13. Since then it gives up after five minutes, and the interpreter, at its exit, waits for the same thread. Cancelling the task that awaited the job leaves the job itself running.',
  signatures: [
    {
      find: `${JOINS} -> py:shutdown@concurrent/futures/thread.py -> py:join@threading.py`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [JOINS]: 'a thread of asyncio joins the default executor' },
    },
    {
      // In a test the coroutine of the test is what more likely waits.
      find: `!py:{pytest_pyfunc_call, _callTestMethod} -> ${CLOSES} => py:run_until_complete@asyncio/base_events.py -> !py:_run@asyncio/events.py -> py:select@selectors.py`,
      confidence: 'possible',
      stuck: 'possible',
      notes: { [CLOSES]: 'the runner closes: the main coroutine is over' },
    },
  ],
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: ['the job ends a moment later: two moments show it', 'the main coroutine still runs'],
  remediation: [
    {
      kind: 'now',
      step: 'See what the thread of the executor waits for, and end that; otherwise end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Give the job an end of its own: a timeout on its reads, or a threading.Event that it looks at and that main() sets.',
    },
    {
      kind: 'prevent',
      step: 'Run what may never return (input(), a read of a pipe, a blocking consumer) in a daemon thread, not in an executor.',
    },
    { kind: 'verify', step: 'Cancelling the program in the middle of the job ends it within the timeout of the job.' },
  ],
  references: [
    {
      title: 'python/cpython#111358',
      url: 'https://github.com/python/cpython/issues/111358',
      establishes:
        'a sleeping job of to_thread() holds up asyncio.run() after Ctrl-C; the limit on the wait had no effect in 3.12.1, and has since 3.13',
    },
    {
      title: 'asyncio: loop.shutdown_default_executor',
      url: 'https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.shutdown_default_executor',
      establishes:
        'it joins the threads of the default executor; the parameter timeout came with Python 3.12 (python/cpython#82448)',
    },
  ],
});
