import { cyclesOf } from '../../analysis/cycle-facts.ts';
import type { Bucket, Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isForkFrame } from '../../analysis/fork.ts';
import { findInterruption } from '../../analysis/interruptions.ts';
import { lockSight, lockTaker } from '../../analysis/lock-sight.ts';
import { isShared, ownersNamed } from '../../analysis/locks.ts';
import { findReentry, isCalledBack, logsInsideHandler, type Reentry } from '../../analysis/reentry.ts';
import { findStandstill, isTimer } from '../../analysis/standstill.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import { witness } from '../_shared/evidence.ts';
import { isReentrant } from '../_shared/lone-waiter.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-taken-twice',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a thread waits for a lock that it holds itself',
  summary:
    'The thread wants a lock, and no other thread is left that could hold it. It took the lock further out on its own stack and came back to it by a callback, a listener, a handler or a recursion.',
  explanation:
    'A plain threading.Lock, and a default mutex of C, cannot be taken twice, not even by the thread that holds it. Code that calls out while holding a lock may be called back by what it called. Which calls come back often depends on data or timing, so that it hangs only sometimes.',
  signatures: [
    // queue.Queue's own mutex is held for some microseconds: who waits for it longer has come back into put() or get().
    {
      find: 'py:{put, get, put_nowait, get_nowait}@*ueue.py => py:{__enter__, acquire}@threading.py$',
      confidence: 'possible',
      stuck: 'likely',
      notes: { 'py:{__enter__, acquire}@threading.py$': "wants the queue's own lock, which its other methods hold" },
    },
    // A finalizer that runs inside of them, by chance, meets that lock as soon as it logs or hands something over.
    {
      find: 'py:{put, get, put_nowait, get_nowait}@*ueue.py! -> py:#finalizer!$',
      confidence: 'possible',
      notes: { 'py:{put, get, put_nowait, get_nowait}@*ueue.py!': "holds the queue's own lock" },
    },
    // A profiler's or tracer's wrapper around a lock takes a lock itself.
    {
      find: 'py:{_acquire_restore, __enter__, acquire}@threading.py => py:{acquire, __enter__, _acquire}@*lock*.py$',
      confidence: 'possible',
      stuck: 'likely',
    },
  ],
  match,
  needs: [
    'that it waits for a lock: py-spy dump --native --pid PID, or gdb -p PID -batch -ex "thread apply all bt"',
    'all threads of the process',
  ],
  notWhen: [
    'another thread of the program runs, joins it, or waits elsewhere: that one may hold the lock',
    'the process was forked: then the holder may have stayed in the parent',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Nothing outside the thread can release the lock. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Call listeners, callbacks and user code after the lock is given back: copy what they need under the lock, call without it.',
    },
    {
      kind: 'prevent',
      step: 'Split public methods that take the lock from private ones that expect it held. An RLock makes the hang go away, but lets the inner call see half-changed state.',
    },
    { kind: 'verify', step: 'A test that calls the outer function with a callback that calls back in returns.' },
  ],
  references: [
    {
      title: 'eclipse-paho/paho.mqtt.python#12',
      url: 'https://github.com/eclipse-paho/paho.mqtt.python/issues/12',
      establishes: 'a callback that registers a callback wants the lock under which it was called',
    },
    {
      title: 'eclipse-paho/paho.mqtt.python#177',
      url: 'https://github.com/eclipse-paho/paho.mqtt.python/issues/177',
      establishes: 'publish() from on_publish() comes back to a lock of its own thread',
    },
    {
      title: 'Python library: threading, lock objects',
      url: 'https://docs.python.org/3/library/threading.html#lock-objects',
      establishes: 'a Lock is not reentrant; an RLock is',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  for (const { threads, edges } of cyclesOf(facts)) {
    const [only] = threads;
    if (only === undefined || threads.length !== 1 || !edges.some(({ kind }) => kind === 'wants')) continue;
    // Handlers of the logging module have an RLock: who waits for it does not hold it.
    if (isLogLock(only) || only.frames.some(isForkFrame)) continue;
    yield {
      // Without the way back on the stack, the holder may as well have ended, or have stayed behind a fork.
      confidence:
        findReentry(only) !== undefined || entersLibraryTwice(only) || isWholeDump(only) ? 'likely' : 'possible',
      threads: [witness(only, only.thread.wait?.says ?? 'waits for a lock')],
      unseen: [
        {
          what: 'that it holds the lock itself is concluded: no other thread is left that could',
          // A forked child stands the same way; its Python frames tell.
          command: only.thread.view.python ? undefined : 'py-spy dump --pid PID',
        },
      ],
    };
  }
  for (const thread of facts.threads) if (ownsWhatItWants(thread)) yield owned(thread);
  for (const own of groupByProcess(facts.threads).values()) yield* matchAlone(own);
  for (const bucket of facts.buckets) yield* matchReentry(bucket);
  for (const { sample, threads } of facts.buckets) {
    // Others could hold it: then it is a queue for the lock, and the holder is what matters.
    if (facts.threads.length > 1 || !isDriverLock(sample)) continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) =>
        witness(thread, 'an extension module called from Python waits for a mutex of its own'),
      ),
    };
  }
}

/** glibc's mutex names the kernel's id of its owner: `bt full` shows it in the frames of the wait. */
function ownsWhatItWants(facts: ThreadFacts): boolean {
  const { wait, nativeId } = facts.thread;
  const index = wait?.kind === 'lock' ? wait.frames.at(-1) : undefined;
  if (index === undefined || nativeId === undefined) return false;
  const own = ownersNamed({ ...facts, frames: facts.frames.slice(0, index + 1) });
  return own.length > 0 && own.every((owner) => owner.nativeId === nativeId);
}

function owned(thread: ThreadFacts): Match {
  return { confidence: 'certain', threads: [witness(thread, 'the lock itself names this thread as its owner')] };
}

function* matchReentry({ sample, threads }: Bucket): Iterable<Match> {
  if (isReentrant(sample)) return;
  const reentry = findReentry(sample);
  const confidence = confidenceOf(sample, reentry);
  if (confidence === undefined) return;
  const { frames } = sample;
  const marks =
    reentry === undefined
      ? []
      : [
          { find: (frame: KnownFrame) => frame === frames[reentry.inner], note: 'takes the lock again' },
          {
            find: (frame: KnownFrame) => frame === frames[reentry.outer],
            note: 'is still inside, with the lock taken',
          },
        ];
  yield {
    confidence,
    threads: threads.map((thread) =>
      witness(thread, 'comes back to code that it is still in', thread === sample ? marks : []),
    ),
    unseen:
      lockSight(sample) === 'hidden'
        ? [{ what: 'that it waits for a lock is concluded from the Python line', command: GDB }]
        : [],
  };
}

const GDB = "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt";

/**
 * That code is entered twice is common; that it then stands at a lock is not. Where the lock is not seen, the way back must
 * be odd by itself: a handler that logs.
 */
function confidenceOf(facts: ThreadFacts, reentry: Reentry | undefined): Confidence | undefined {
  const sight = lockSight(facts);
  const { activity, progress } = facts.thread;
  if (sight === undefined || findInterruption(facts)?.by === 'collector' || isPools(facts)) return undefined;
  const logs = logsInsideHandler(facts);
  if (sight === 'seen') {
    if (reentry?.same === 'function' || (logs && !isLogLock(facts))) return isLogLock(facts) ? 'possible' : 'likely';
    return reentry?.same === 'file' ? (progress === 'stuck' ? 'likely' : 'possible') : undefined;
  }
  if (reentry?.same === 'function' && reentry.throughLogging) return activity === 'idle' ? 'likely' : 'possible';
  if (activity !== 'idle') return undefined;
  if (reentry?.same === 'function' && !isDispatcher(facts, reentry)) return 'possible';
  if (isCalledBack(facts)) return 'possible';
  return logs ? 'possible' : undefined;
}

/** Pools and queues of processes pass through their own files more than once, to locks that another process may have. */
function isPools({ frames }: ThreadFacts): boolean {
  const taker = frames[lockTaker(frames) ?? -1];
  return taker !== undefined && isAt(taker.frame, 'multiprocessing/') && frames.some(isShared);
}

/** Functions that only call others stand on every stack many times. */
function isDispatcher({ frames }: ThreadFacts, { inner }: Reentry): boolean {
  return /^(?:__call__|__getattr__|wrapper|wrapped|inner|_multicall|_hookexec|visit|generic_visit|invoke|dispatch|run|main|call|<module>|<lambda>)$/.test(
    frames[inner]?.plain ?? '',
  );
}

function isLogLock({ frames }: ThreadFacts): boolean {
  return frames
    .slice(0, 6)
    .some(
      ({ plain, frame }) => /^(?:acquire|_acquireLock)$/.test(plain) && /logging.__init__\.py$/.test(frame.file ?? ''),
    );
}

/** Whether the dump leaves little else: a lock of Python, seen as such, in a process that is known. */
function isWholeDump(only: ThreadFacts): boolean {
  return only.thread.view.python && only.process.pid !== undefined && !isNativeLock(only);
}

/** One thread wants a plain lock; the others only wait for a time to pass, as timers do. */
function* matchAlone(threads: readonly ThreadFacts[]): Iterable<Match> {
  const still = findStandstill(threads);
  const [wanted, other] = still?.groups.flat() ?? [];
  if (still === undefined || wanted === undefined || other !== undefined || wanted.reentrant) return;
  if (still.waiting.length > 0 || still.turning.length === 0 || !still.turning.every(isTimer)) return;
  yield {
    confidence: 'possible',
    threads: [witness(wanted.thread, wanted.thread.thread.wait?.says ?? 'waits for a lock')],
    unseen: [
      {
        what: 'that it holds the lock itself is concluded: the others only wait for a time to pass',
        command: undefined,
      },
    ],
  };
}

function isNativeLock({ frames, thread }: ThreadFacts): boolean {
  return (
    thread.wait?.frames.some((index) => /mutex|rwlock|lll_lock|spin/.test(frames[index]?.canonical ?? '')) === true
  );
}

/** A library that called Python, which called the library: its module stands on the stack twice, with Python between. */
function entersLibraryTwice(facts: ThreadFacts): boolean {
  const { frames, thread } = facts;
  // The interpreter stands on every stack many times.
  if (!isNativeLock(facts)) return false;
  const taker = frames.find(({ frame, categories, plumbing, unnamed }) => {
    return (
      frame.language === 'native' && !unnamed && !plumbing && !categories.has('lock-wait') && !categories.has('futex')
    );
  });
  const home = taker?.frame.file ?? taker?.frame.module;
  if (taker === undefined || home === undefined) return false;
  const from = frames.indexOf(taker);
  const isHome = (frame: Frame): boolean => frame.language === 'native' && (frame.file ?? frame.module) === home;
  const python = frames.findIndex(
    (one, index) => index > from && (one.frame.language === 'python' || one.categories.has('eval')),
  );
  const outside = python < 0 ? [] : frames.slice(python + 1).map(({ frame }) => frame);
  // Where two tools' stacks could not be woven, the C frames stand apart.
  return (
    outside.some(isHome) || thread.unplaced.some((frame) => isHome(frame) && frame.function !== taker.frame.function)
  );
}

/** A mutex that an extension module takes in the very function that Python called: left taken by an earlier call that failed. */
function isDriverLock(facts: ThreadFacts): boolean {
  const { frames } = facts;
  if (facts.thread.wait?.kind !== 'lock' || !isNativeLock(facts)) return false;
  const taker = frames.findIndex(({ frame }) => EXTENSION.test(frame.module ?? ''));
  const home = frames[taker]?.frame.module;
  if (taker < 0 || taker > 6) return false;
  const caller = frames.findIndex((one, index) => index > taker && one.frame.module !== home);
  return caller >= 0 && isCall(frames[caller]) && frames.slice(taker, caller).some(({ unnamed }) => !unnamed);
}

/** "/usr/lib64/python2.7/site-packages/psycopg2/_psycopg.so", "…/_x.cpython-311-x86_64-linux-gnu.so" */
const EXTENSION = /(?:site|dist)-packages\/.*\.so$|lib-dynload\/.*\.so$|\.cpython-\d+t?-[\w-]+\.so$|\.abi3\.so$/;

function isCall(known: KnownFrame | undefined): boolean {
  return known !== undefined && (known.plumbing || known.categories.has('eval') || known.frame.language === 'python');
}
