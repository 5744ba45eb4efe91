import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { findInterruption, type Interruption } from '../../analysis/interruptions.ts';
import { isOwnCode, type LockSight, lockSight } from '../../analysis/lock-sight.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-wanted-in-finalizer',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a finalizer wants a lock that the code below it holds',
  summary:
    'The collector, or a dropped reference, ran a finalizer in the middle of code that holds a lock. The finalizer comes back to the same library and wants that lock: the thread waits for itself.',
  explanation:
    'Finalizers (__del__, weakref callbacks, gc.callbacks, generators that are closed) run at any allocation, on whatever thread allocates, also inside a critical section. If what they call takes the lock of that section, the thread waits for a lock that it holds. It needs the collector to run at just that line, which is why it happens once in a million.',
  yourCode: 'perhaps not the cause: the finalizer may have run here by chance',
  signatures: [
    // Thread-local values are let go of while the interpreter's list of threads is locked, and take that lock themselves.
    { find: 'c:{local_clear, local_dealloc}! -> c:{#lock-wait, #semaphore-wait}$', confidence: 'possible' },
  ],
  match,
  needs: [
    'the Python frames: py-spy dump --pid PID',
    'for certainty that it waits for a lock: py-spy dump --native --pid PID, or gdb',
  ],
  notWhen: [
    'the finalizer works (compresses, writes, computes): the thread is active, or two moments differ',
    'the finalizer waits for something other than a lock',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The thread waits for itself; nothing outside can release the lock. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Let the finalizer take no lock: put what is to be done into a collections.deque or queue.SimpleQueue (whose put is reentrant) and do it from ordinary code.',
    },
    {
      kind: 'prevent',
      step: 'Close objects explicitly, so that nothing is left for finalizers; an RLock helps only where half-changed state does no harm.',
    },
    {
      kind: 'verify',
      step: 'Call gc.collect() inside the critical section in a test, with garbage waiting: it returns.',
    },
  ],
  references: [
    {
      title: 'prometheus/client_python#322',
      url: 'https://github.com/prometheus/client_python/issues/322',
      establishes:
        'a gc callback takes the lock of the metric that is being read; fixed after 0.5 (#371), whose callbacks take no lock',
    },
    {
      title: 'encode/httpcore#996',
      url: 'https://github.com/encode/httpcore/issues/996',
      establishes:
        'a generator closed by the collector comes back to the locked connection pool; not fixed in 1.0.9, a proposal is open (#1108)',
    },
    {
      title: 'Python data model: object.__del__',
      url: 'https://docs.python.org/3/reference/datamodel.html#object.__del__',
      establishes: '__del__ can run in any thread at any point and must not take locks that interrupted code may hold',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const interruption = findInterruption(sample);
    const sight = lockSight(sample);
    if (interruption === undefined || sight === undefined || waitsElsewhere(sample, interruption)) continue;
    const confidence = confidenceOf(sample, interruption, sight);
    if (confidence === undefined) continue;
    const marks = [
      {
        find: (frame: KnownFrame) => frame === sample.frames[interruption.index],
        note: NOTE[interruption.by],
      },
    ];
    yield {
      confidence,
      threads: threads.map((thread) =>
        witness(thread, 'wants a lock inside a finalizer', thread === sample ? marks : []),
      ),
    };
  }
}

const NOTE = {
  collector: 'runs in the garbage collector',
  finalizer: 'runs when the last reference goes, or in the collector',
  unknown: 'the function below does not call this: it runs because an object ended here',
} as const;

/** What a finalizer waits for in another thread or library is no lock of the code below it. */
function waitsElsewhere({ frames }: ThreadFacts, { index }: Interruption): boolean {
  return frames
    .slice(0, index)
    .some(
      ({ categories, frame }) =>
        frame.language === 'python' && (categories.has('thread-join') || categories.has('child-wait')),
    );
}

function confidenceOf(facts: ThreadFacts, interruption: Interruption, sight: LockSight): Confidence | undefined {
  const { thread, frames } = facts;
  const back = comesBack(facts, interruption, sight);
  const { by } = interruption;
  if (sight === 'seen') {
    // A frame whose caller is odd may yet have been called by it, through C.
    if (by === 'unknown') return back ? 'likely' : undefined;
    if (back) return 'certain';
    // Without Python frames a lock of Python looks like its events and joins, which finalizers wait for at exit.
    if (thread.view.python || isMutex(facts)) return 'likely';
    if (by !== 'collector' || frames.some(({ categories }) => categories.has('interpreter-exit'))) return undefined;
    return thread.progress === 'stuck' ? 'likely' : 'possible';
  }
  // Without C frames the wait cannot be seen; that it comes back to the interrupted code is then what tells.
  // A tool that does not say that the thread is idle leaves open that it works.
  if (back && (thread.activity === 'idle' || by === 'collector')) return 'likely';
  return by !== 'unknown' && handsOver(facts) ? 'possible' : undefined;
}

function isMutex({ frames, thread }: ThreadFacts): boolean {
  const names = thread.wait?.frames.map((index) => frames[index]?.canonical ?? '') ?? [];
  return names.some((name) => /mutex|lll_lock/.test(name)) && !names.some((name) => /PyThread/.test(name));
}

/** What finalizers call that takes a lock: they hand something over, log, or take themselves out of a list. */
function handsOver({ frames }: ThreadFacts): boolean {
  return frames
    .filter(isOwnCode)
    .slice(0, 2)
    .some(({ plain }) =>
      /(?:^|_)(?:send|put|submit|emit|release|log|notify|enqueue|unregister|deregister|remove|discard|pop|record|push|update|dec\w*|inc\w*|labels?|set)(?:_|$)/i.test(
        plain.replace(/([a-z])([A-Z])/g, '$1_$2'),
      ),
    );
}

/** The critical section is entered not far below the finalizer. */
const NEAR = 12;

/**
 * Finalizer and interrupted code of one critical section share a file. Where the lock is not seen, it can only be in the
 * innermost line.
 */
function comesBack({ frames }: ThreadFacts, { index, by }: Interruption, sight: LockSight): boolean {
  const own = (known: KnownFrame): string[] =>
    isOwnCode(known) && known.plain !== '__del__' ? [known.frame.file ?? ''] : [];
  const inside = frames
    .slice(0, by === 'unknown' ? index + 1 : index)
    .filter(({ frame }) => frame.language === 'python');
  const inner = new Set((sight === 'hidden' ? inside.slice(0, 1) : inside).flatMap(own));
  return frames
    .slice(index + 1)
    .filter(({ frame }) => frame.language === 'python')
    .slice(0, NEAR)
    .flatMap(own)
    .some((file) => inner.has(file));
}
