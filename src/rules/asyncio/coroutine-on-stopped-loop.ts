import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { loopCallOf, runsLoop } from '../../analysis/loops.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { isFace, isKnownFace, syncFaceOf } from '../_shared/loop-futures.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'coroutine-on-stopped-loop',
  cause: 'event-loop-self-wait',
  library: 'asyncio',
  title: 'a synchronous wrapper waits for a coroutine on a loop that nobody runs',
  summary:
    'The thread handed a coroutine to an event loop and blocks until it is done. No thread of the dump runs a loop, so nothing will ever do the coroutine: most likely the loop belongs to this very thread, which waits.',
  explanation:
    'Libraries with a synchronous face keep a loop in a thread of their own and schedule coroutines there. Given a loop of the calling thread (the one of asyncio.get_event_loop(), of a notebook or of a framework), or when their loop thread is gone after a fork, they schedule on a loop that does not turn while they wait. Whether it works depends on who made the loop first.',
  general: true,
  signatures: [],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: [
    'another thread runs a loop: the answer may come from there, and is only slow',
    'the dump shows one thread of many',
  ],
  remediation: [
    { kind: 'now', step: 'The thread cannot be freed. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Do not give the library a loop of your own; let it make its loop thread, or use its asynchronous face and await it.',
    },
    {
      kind: 'prevent',
      step: 'Start such clients after fork (in the worker), never before, and never inside a coroutine.',
    },
    {
      kind: 'verify',
      step: 'While it waits there must be a thread that runs a loop.',
      command: "py-spy dump --pid PID | grep -B3 '_run_once'",
    },
  ],
  references: [
    {
      title: 'fsspec: using asynchronous file systems',
      url: 'https://filesystem-spec.readthedocs.io/en/latest/async.html',
      establishes:
        'the synchronous face runs coroutines on a loop in a thread of its own, and must not be used from a coroutine',
    },
    {
      title: 'fsspec/s3fs#914',
      url: 'https://github.com/fsspec/s3fs/issues/914',
      establishes:
        'a forked worker hangs: the thread of the loop stayed in the parent; the maintainer says that the asynchronous implementations do not survive a fork',
    },
  ],
});

function* match({ threads, buckets }: Facts): Iterable<Match> {
  const withLoop = new Set(threads.filter(runsLoop).map(({ process }) => process));
  for (const { sample, threads: alike } of buckets) {
    if (sample.thread.progress === 'moving' || loopCallOf(sample) !== undefined || syncFaceOf(sample) === undefined)
      continue;
    if (sample.frames.some(({ frame }) => FROM_THREADS.some((place) => isAt(frame, place))) && !isReactors(sample))
      continue;
    const victims = alike.filter(({ process }) => !withLoop.has(process));
    if (victims.length === 0) continue;
    yield {
      confidence:
        victims.every(seesAll) && sample.frames.some(isKnownFace) && sample.thread.progress === 'stuck'
          ? 'likely'
          : 'possible',
      threads: victims.map((thread) =>
        witness(thread, 'waits for a coroutine, and no thread runs a loop', [
          { find: isFace, note: 'hands a coroutine to a loop and waits until it is done' },
        ]),
      ),
    };
  }
}

/** Their loops are elsewhere by design: it takes a thread of them to call from. */
const FROM_THREADS = ['twisted/internet/threads.py', 'anyio/from_thread.py', 'trio/_threads.py'] as const;

/** Twisted's reactor runs in the main thread, if that does not say otherwise. */
function isReactors({ thread, frames }: ThreadFacts): boolean {
  return thread.name === 'MainThread' && frames.some(({ frame }) => isAt(frame, 'twisted/internet/threads.py'));
}

/** A whole dump of a process has its number, and the outer end of each stack. */
function seesAll({ process, cut }: ThreadFacts): boolean {
  return process.pid !== undefined && !cut;
}
