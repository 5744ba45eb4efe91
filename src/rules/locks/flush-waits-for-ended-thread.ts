import { mayLackThreads } from '../../analysis/excerpts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'flush-waits-for-ended-thread',
  cause: 'missing-notify',
  library: undefined,
  title: 'flush() or close() waits for a worker thread that has ended',
  summary:
    'At its end the program flushes or closes something whose work a background thread does, and waits for that thread to report. The thread is not there any more, so nobody will.',
  explanation:
    'Exporters and log handlers hand their records to a worker thread, and flush() waits for an event that the worker sets. Worker threads that are daemons are stopped, and those that were closed before have ended, while handlers are flushed later, by logging.shutdown() or atexit. Whether records are left at that point depends on timing.',
  signatures: [
    {
      find: 'py:shutdown@logging/__init__.py! -> py:{flush, close} -> py:wait@threading.py$',
      confidence: 'possible',
      stuck: 'likely',
      notes: { 'py:shutdown@logging/__init__.py!': 'the logging module flushes its handlers at exit' },
    },
    {
      find: 'py:{_run_exitfuncs, _exitfunc, _exit_function} -> py:{flush, close, stop, shutdown} -> py:wait@threading.py$',
      confidence: 'possible',
      stuck: 'likely',
    },
  ],
  match,
  needs: ['all threads, to see whether the worker is still there: py-spy dump --pid PID'],
  notWhen: ['the worker is there and sends: a slow network, not a hang', 'the wait has a timeout'],
  remediation: [
    {
      kind: 'now',
      step: 'The work of the program is done: an interrupt or the end of the process loses the last records only.',
      command: 'kill -INT PID',
    },
    {
      kind: 'fix',
      step: 'Flush and close the handler in main, before the interpreter shuts down, and once; let flush() return at once when the worker is gone.',
    },
    { kind: 'prevent', step: 'Give every wait at exit a timeout.' },
    { kind: 'verify', step: 'The program ends with records left in the queue and the network down.' },
  ],
  references: [
    {
      title: 'census-instrumentation/opencensus-python#1112',
      url: 'https://github.com/census-instrumentation/opencensus-python/pull/1112',
      establishes:
        'flush() after close() waited for an event that only the stopped worker would set; fixed in opencensus-ext-azure 1.1.4',
    },
    {
      title: 'census-instrumentation/opencensus-python#1125',
      url: 'https://github.com/census-instrumentation/opencensus-python/issues/1125',
      establishes:
        'the same wait in logging.config.dictConfig(), which shuts all handlers down; a close() from another thread still hangs in 1.1.4',
    },
  ],
});

/** The only thread of a process, at its end, waits without a time for a signal: nobody is left to give it. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    for (const thread of own) {
      const { wait, progress } = thread.thread;
      const frame = thread.frames.find(isGoodbye);
      if (frame === undefined || wait?.kind !== 'condition' || wait.timeout === 'some' || progress === 'moving')
        continue;
      if (own.some((other) => other !== thread && mayAnswer(other))) continue;
      // Functions that run at exit have no caller in Python.
      const isWhole = thread.frames
        .findLast(({ frame: one }) => one.language === 'python')
        ?.categories.has('interpreter-exit');
      const excerpt = mayLackThreads(thread.process) || (thread.cut && isWhole !== true);
      const atExit = thread.frames.some(({ categories }) => categories.has('interpreter-exit'));
      yield {
        confidence: atExit && !excerpt && wait.timeout === 'none' ? 'likely' : 'possible',
        threads: [
          witness(thread, 'waits for a report of a thread that is not there', [
            { find: (one) => one === frame, note: 'says goodbye' },
          ]),
        ],
      };
    }
  }
}

/** flush(), close() of the program or a library; the standard library's own wait for threads, which are there. */
function isGoodbye({ frame, plain }: KnownFrame): boolean {
  return (
    frame.language === 'python' &&
    /^(?:flush|force_flush|_?close|stop|shutdown|drain|__exit__)$/.test(plain) &&
    !isAt(frame, 'concurrent/futures/') &&
    !/(?:^|[\\/])(?:threading|contextlib)\.py$/.test(frame.file ?? '')
  );
}

function mayAnswer({ frames, thread }: ThreadFacts): boolean {
  return (
    frames.length > 0 &&
    (thread.userFrame !== undefined || frames.some(({ frame }) => /site-packages/.test(frame.file ?? '')))
  );
}
