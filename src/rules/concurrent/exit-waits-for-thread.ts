import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

/** Where the interpreter, at its end, waits for threads, executors and children. */
const EXITS: readonly (readonly [string, string])[] = [
  ['_shutdown', 'threading.py'],
  ['_exitfunc', 'threading.py'],
  ['_python_exit', 'concurrent/futures/thread.py'],
  ['_python_exit', 'concurrent/futures/process.py'],
  ['_exit_function', 'multiprocessing/util.py'],
  // The end of a with-block around an executor joins its workers in the same way.
  ['shutdown', 'concurrent/futures/thread.py'],
  ['shutdown', 'concurrent/futures/process.py'],
];

/** What else runs Python code in Py_Finalize. */
const OTHERS =
  '#gc, #finalizer, atexit_callfuncs, call_py_exitfuncs, finalize_modules*, PyImport_Cleanup, PyInterpreterState_Clear, interpreter_clear, flush_std_files, *_dealloc, slot_tp_finalize';

export default defineRule({
  id: 'exit-waits-for-thread',
  cause: 'threads-at-exit',
  library: undefined,
  title: 'the program is at its end and waits for a thread that does not end',
  summary:
    'The main thread is through: the interpreter is shutting down, or a with-block around an executor ends, and waits for threads that are not daemons, for the workers of executors, or for children of multiprocessing. One of them does not end.',
  explanation:
    'Before Python exits it joins every thread that is not a daemon, and since 3.9 the workers of every ThreadPoolExecutor. A thread in an endless loop, in a read without timeout or waiting for something that the main thread used to deliver keeps the process alive for ever.',
  signatures: [
    {
      find: 'c:{wait_for_thread_shutdown, wait_for_thread_shutdown.*}! -> c:{#thread-join, #lock-wait, #semaphore-wait, #condition-wait, #futex}$',
      confidence: 'possible',
    },
    // threading._shutdown(), called from C: neither a finalizer nor an exit handler stands between.
    {
      find: `c:{Py_FinalizeEx, Py_Finalize}! -> !c:{${OTHERS}} -> c:{PyObject_CallMethod*, PyObject_VectorcallMethod, PyObject_CallMethodNoArgs, call_function_tail}! -> c:{#lock-wait, #semaphore-wait, #thread-join}$`,
      confidence: 'possible',
    },
    // All that is left of many excerpts: whether the join is at exit they do not show.
    { find: '^py:_wait_for_tstate_lock@threading.py$', confidence: 'possible' },
  ],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: [
    'a thread is still at work: it will end by itself',
    'it waits for the feeder of a queue: that is queue-joined-before-drain',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The work of the main thread is done. End the process if the threads have nothing left to write.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Tell the thread to stop and wait for it before the end of main: an Event that its loop looks at, a sentinel in its queue, executor.shutdown(cancel_futures=True).',
    },
    {
      kind: 'prevent',
      step: 'Give the blocking calls of background threads a timeout, or make threads that may die at any point daemons.',
    },
    { kind: 'verify', step: 'threading.enumerate() at the end of main names only the main thread.' },
  ],
  references: [
    {
      title: 'python/cpython#80961',
      url: 'https://github.com/python/cpython/issues/80961',
      establishes: 'the interpreter waits at its exit for jobs of an executor, even after shutdown(wait=False)',
    },
    {
      title: 'python/cpython#83993',
      url: 'https://github.com/python/cpython/issues/83993',
      establishes:
        'since 3.9 the workers of ThreadPoolExecutor are no daemons, and are joined before atexit functions run',
    },
    {
      title: 'Python library: threading, thread objects',
      url: 'https://docs.python.org/3/library/threading.html#thread-objects',
      establishes: 'the program exits when no alive non-daemon threads are left',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const main = ofProcess.find(({ frames }) => frames.some(isExit));
    if (main === undefined || main.thread.progress === 'moving' || stands(main, '_finalize_join')) continue;
    const others = ofProcess.filter((thread) => thread !== main && thread.thread.frames.length > 0);
    if (others.some(isAtWork)) continue;
    const blockers = others.filter(({ thread }) => thread.role === 'blocker');
    yield {
      // A program may well leave its work to other threads: only a wait that does not end by itself is a hang.
      confidence:
        others.length > 0 && !main.frames.some(isShutdown) && others.every(waitsForGood) ? 'likely' : 'possible',
      threads: [
        witness(main, 'waits, at exit, for a thread to end', [
          {
            find: isExit,
            note: main.frames.some(isShutdown) ? 'joins the workers of an executor' : 'the interpreter shuts down',
          },
        ]),
        ...blockers.map((thread) => witness(thread, thread.thread.wait?.says ?? 'does not end')),
      ],
    };
  }
}

/** Threads whose wait the dump does not show count where two moments found them at the same place. */
function waitsForGood({ thread }: ThreadFacts): boolean {
  const { wait } = thread;
  if (thread.idleAs !== undefined) return true;
  if (wait === undefined) return thread.progress === 'stuck';
  return wait.timeout !== 'some' && wait.kind !== 'sleep';
}

function isShutdown({ plain }: KnownFrame): boolean {
  return plain === 'shutdown';
}

function stands({ frames }: ThreadFacts, name: string): boolean {
  return frames.some(({ plain }) => plain === name);
}

function isExit({ frame, plain }: KnownFrame): boolean {
  return EXITS.some(([exit, place]) => exit === plain && isAt(frame, place));
}
