import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
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
  signatures: [],
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
      title: 'Python data model: object.__del__',
      url: 'https://docs.python.org/3/reference/datamodel.html#object.__del__',
      establishes: '__del__ can run in any thread at any point and must not take locks that interrupted code may hold',
    },
    {
      title: 'prometheus/client_python#322',
      url: 'https://github.com/prometheus/client_python/issues/322',
      establishes: 'a gc callback takes the lock of the metric that is being read',
    },
    {
      title: 'encode/httpcore#996',
      url: 'https://github.com/encode/httpcore/issues/996',
      establishes: 'a generator closed by the collector comes back to the locked connection pool',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const finalizer = innermostFinalizer(sample);
    if (finalizer === undefined || sample.thread.activity === 'active' || sample.thread.progress === 'moving') continue;
    const confidence = confidenceOf(sample, finalizer);
    if (confidence === undefined) continue;
    const marks = [
      {
        find: (frame: KnownFrame) => frame === sample.frames[finalizer],
        note: 'runs when the last reference goes, or in the collector',
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

/** Python's finalizer nearest to the wait, or the collector where py-bt or faulthandler only say that it runs. */
function innermostFinalizer({ frames }: ThreadFacts): number | undefined {
  const index = frames.findIndex(
    ({ frame, categories }) => frame.language === 'python' && (categories.has('finalizer') || categories.has('gc')),
  );
  return index > 0 ? index : undefined;
}

function confidenceOf(facts: ThreadFacts, finalizer: number): Confidence | undefined {
  const { frames, thread } = facts;
  const waits = thread.wait?.kind === 'lock' && thread.wait.timeout !== 'some';
  const inner = new Set(frames.slice(0, finalizer).flatMap(libraryOf));
  const comesBack = frames
    .slice(finalizer + 1, finalizer + 1 + NEAR)
    .flatMap(libraryOf)
    .some((library) => inner.has(library));
  if (waits) return comesBack ? 'certain' : 'likely';
  // Without C frames the wait cannot be seen; that it comes back to the interrupted code is then what tells.
  // A tool that does not say that the thread is idle leaves open that it works.
  return thread.activity === 'idle' && thread.wait === undefined && !thread.view.native && comesBack
    ? 'likely'
    : undefined;
}

/** The critical section is entered not far below the finalizer. */
const NEAR = 12;

/** The file: finalizer and interrupted code of one critical section share it. Plumbing of the standard library does not count. */
function libraryOf({ frame, categories }: KnownFrame): string[] {
  if (frame.language !== 'python' || frame.file === undefined) return [];
  const generic = /(?:^|[\\/])(?:threading|contextlib|weakref|queue|functools|warnings|_weakrefset)\.py$|^</.test(
    frame.file,
  );
  return generic || categories.has('finalizer') ? [] : [frame.file];
}
