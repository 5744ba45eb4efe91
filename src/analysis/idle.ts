import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import { AnchorIndex } from '../signatures/anchors.ts';
import { compileSignature } from '../signatures/compile.ts';
import { matchSignature } from '../signatures/match.ts';
import { parseSignature } from '../signatures/parse.ts';
import type { ThreadFacts } from './facts.ts';
import { BACKGROUND } from './idle/background.ts';
import { IDLE_NATIVE } from './idle/native.ts';
import { POOLS } from './idle/pools.ts';
import { AT_REST, SERVERS } from './idle/servers.ts';
import { idleShape } from './idle-shapes.ts';

const COMPILED = new AnchorIndex(
  [...POOLS, ...SERVERS, ...BACKGROUND, ...IDLE_NATIVE].map(([label, find], order) => ({
    order,
    label,
    compiled: compileSignature(parseSignature(find)),
  })),
);

/**
 * What kind of thread at rest this is, if it is one: threads that wait because it is their job are known by their whole stack.
 * The innermost frame alone never tells: poll() under zmq_ctx_term is a hang, poll() under a server's loop is not.
 */
export function idleKind(facts: ThreadFacts): string | undefined {
  const { frames, thread, cut } = facts;
  // Who runs Python does not rest; "active" alone is what some tools say of everybody.
  if (thread.gil === 'holds') return undefined;
  if (frames.some(isAtEnd) || frames.some(runsTask)) return undefined;
  const stack = { frames, view: thread.view, truncated: cut, told: new Set<never>() };
  const found = COMPILED.candidates(stack)
    .sort((one, other) => one.order - other.order)
    .find(({ compiled }) => {
      const match = matchSignature(compiled, stack);
      if (match === undefined || match.unseen.length > 0) return false;
      return frames.slice(0, match.seen.at(-1)?.index ?? 0).every(isPartOfRest);
    });
  // A loop that turns inside a callback of itself serves that callback, which waits.
  if (found?.label === AT_REST && frames.some(({ categories }) => categories.has('loop-callback'))) return undefined;
  return found?.label ?? idleShape(facts);
}

/**
 * Inside of the frame that rests there is its wait, and nothing else: a collector that runs there, a handler of a signal, or a
 * lock that somebody else's code takes has reasons of its own.
 */
function isPartOfRest({ categories, plain, frame }: KnownFrame): boolean {
  if (
    categories.has('finalizer') ||
    categories.has('gc') ||
    categories.has('signal-handler') ||
    categories.has('import')
  )
    return false;
  return (
    frame.language !== 'python' || !/^(?:acquire|lock)$/.test(plain) || OWN_LOCKS.some((place) => isAt(frame, place))
  );
}

/** Where the locks lie that queues, conditions and pools are made of. */
const OWN_LOCKS = ['threading.py', 'multiprocessing/synchronize.py', 'billiard/synchronize.py', 'gevent/'];

/** Inside a task of a task queue, or a test, nothing rests, whatever it waits for. */
function runsTask({ plain, frame }: KnownFrame): boolean {
  return TASKS.some(([name, place]) => plain === name && isAt(frame, place));
}

const TASKS: readonly (readonly [name: string, place: string])[] = [
  ['trace_task', 'celery/app/trace.py'],
  ['__protected_call__', 'celery/app/trace.py'],
  // What waits for the result of one reads its broker as a subscriber does.
  ['drain_events_until', 'celery/backends/asynchronous.py'],
  ['_wait_for_pending', 'celery/backends/asynchronous.py'],
  ['process_message', 'dramatiq/worker.py'],
  ['perform_job', 'rq/worker.py'],
  ['perform_job', 'rq/worker/base.py'],
  ['apply_function', 'distributed/worker.py'],
  // A test, too, has something to come to.
  ['pytest_pyfunc_call', '_pytest/python.py'],
  ['_callTestMethod', 'unittest/case.py'],
];

/** A loop that rests while its runner waits for the last tasks does not wait for work. */
function isAtEnd({ plain, frame }: KnownFrame): boolean {
  return (
    ENDS.test(plain) &&
    (frame.language === 'python' || frame.file === undefined) &&
    (plain !== 'close' || isAt(frame, 'asyncio/runners.py'))
  );
}

const ENDS = /^(?:_?cancel_(?:all_)?tasks|close)$/;
