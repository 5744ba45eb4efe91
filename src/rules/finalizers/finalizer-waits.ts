import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { findInterruption } from '../../analysis/interruptions.ts';
import { lockSight } from '../../analysis/lock-sight.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import type { WaitKind } from '../../model/wait.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'finalizer-waits',
  cause: 'gc-finalizer-blocking',
  library: undefined,
  title: 'a finalizer waits for something that does not come',
  summary:
    'An object ended, and what runs at its end (__del__, a callback of a weak reference, a deallocator) waits: for a thread, a child, a signal or a peer. The code below it only happened to drop the last reference, or to allocate when the collector ran.',
  explanation:
    'Finalizers run on whatever thread lets go of an object, at a point that nobody chose. One that joins its worker thread, stops an executor or says goodbye to a server waits there; if the other side needs that thread, or has ended already, it waits for ever. It hangs only when the object is left to the collector instead of being closed.',
  yourCode: 'perhaps not the cause: the finalizer may have run here by chance',
  general: true,
  signatures: [],
  match,
  needs: ['the Python frames: py-spy dump --pid PID', 'what it waits for: py-spy dump --native --pid PID'],
  notWhen: [
    'the finalizer works, or waits for a moment: two moments differ',
    'it wants a lock of the interrupted code: that is lock-wanted-in-finalizer',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'If the main thread is stuck, an interrupt ends most waits; what it raises in a finalizer is only printed.',
      command: 'kill -INT PID',
    },
    {
      kind: 'fix',
      step: 'Close the object where its work ends (close(), with), so that the finalizer has nothing left to do.',
    },
    {
      kind: 'prevent',
      step: 'A finalizer should only tell others to stop, never wait for them: no join(), no shutdown(wait=True), no network.',
    },
    { kind: 'verify', step: 'Nothing is left to finalizers.', command: 'python -X dev -W error::ResourceWarning APP' },
  ],
  references: [
    {
      title: 'python/cpython#83541',
      url: 'https://github.com/python/cpython/issues/83541',
      establishes:
        '__del__ of a pool of multiprocessing joins its threads for ever at the exit of Python 3.8; fixed in 3.8.3',
    },
    {
      title: 'Python data model: object.__del__',
      url: 'https://docs.python.org/3/reference/datamodel.html#object.__del__',
      establishes: '__del__ can run at any point, in any thread, also at exit when modules are half gone',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const interruption = findInterruption(sample);
    if (interruption === undefined || interruption.by === 'unknown') continue;
    const confidence = confidenceOf(sample, interruption.index);
    if (confidence === undefined) continue;
    const marks = [
      {
        find: (frame: KnownFrame) => frame === sample.frames[interruption.index],
        note: 'runs because an object ended',
      },
    ];
    yield {
      confidence,
      threads: threads.map((thread) =>
        witness(thread, thread.thread.wait?.says ?? 'rests inside a finalizer', thread === sample ? marks : []),
      ),
    };
  }
}

/** For a thread, a child or a signal a finalizer should never wait; an answer of a peer may come. */
const LONG: ReadonlySet<WaitKind> = new Set<WaitKind>(['join', 'child', 'condition', 'semaphore']);
const SHORT: ReadonlySet<WaitKind> = new Set<WaitKind>([
  'poll',
  'read',
  'write',
  'connect',
  'dns',
  'device',
  'file-lock',
]);

function confidenceOf(facts: ThreadFacts, finalizer: number): Confidence | undefined {
  const { wait, activity, progress } = facts.thread;
  if (isAtWork(facts) || wait?.timeout === 'some') return undefined;
  const inside = wait?.frames.every((index) => index <= finalizer) === true;
  if (wait !== undefined && inside && LONG.has(wait.kind)) return 'likely';
  if (wait !== undefined && inside && SHORT.has(wait.kind)) return progress === 'stuck' ? 'likely' : 'possible';
  // gdb alone: the wait of an event or a queue is one for a lock.
  if (wait?.kind === 'lock' && inside && !facts.thread.view.python) return progress === 'stuck' ? 'likely' : 'possible';
  return activity === 'idle' && lockSight(facts) === 'hidden' ? 'possible' : undefined;
}
