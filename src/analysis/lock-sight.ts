import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';
import { waitsForImport } from './imports.ts';

/**
 * How a thread is known to stand at a lock. `seen`: a frame shows the wait. `hidden`: only Python lines are known, and the
 * innermost one is of plain code, as `with lock:` is; the same holds for any other call into C.
 */
export type LockSight = 'seen' | 'hidden';

/** Whether a thread stands, or may stand, at a lock without a timeout. Undefined where it waits for something else, rests or works. */
export function lockSight(facts: ThreadFacts): LockSight | undefined {
  const { frames, thread } = facts;
  const { wait, activity, progress, idleAs, view } = thread;
  if (idleAs !== undefined || progress === 'moving' || progress === 'spinning' || wait?.timeout === 'some')
    return undefined;
  const index = innermostPython(frames);
  const python = index === undefined ? undefined : frames[index];
  // A condition is left by its lock: put() of a queue that stands in __enter__ wants the queue's lock, whatever is around.
  if (python?.categories.has('lock-wait') === true || waitsForImport(facts)) return 'seen';
  if (wait?.kind === 'lock') return activity === 'active' ? undefined : 'seen';
  if (wait !== undefined || view.native || activity === 'active') return undefined;
  // py-bt names the built-in that is called: had it been a lock, it would say so.
  const inner = frames.slice(0, index).some(({ unnamed, categories }) => !unnamed && !categories.has('gc'));
  return python === undefined || inner || python.frame.function === '' ? undefined : 'hidden';
}

export function innermostPython(frames: readonly KnownFrame[]): number | undefined {
  const index = frames.findIndex(({ frame }) => frame.language === 'python');
  return index < 0 ? undefined : index;
}

/** Files through which locks are taken everywhere: that they stand on a stack twice says nothing. */
const CARRIERS =
  /(?:^|[\\/])(?:threading|contextlib|weakref|_weakrefset|functools|warnings|logging[\\/]__init__|multiprocessing[\\/]synchronize|traceback)\.py$|^</;

/** A Python frame in whose code a critical section may stand. */
export function isOwnCode({ frame, categories, byLine }: KnownFrame): boolean {
  return (
    frame.language === 'python' &&
    frame.file !== undefined &&
    !CARRIERS.test(frame.file) &&
    (byLine || !categories.has('lock-wait')) &&
    !categories.has('plumbing')
  );
}

/** The index of the function that takes the lock: the innermost Python frame that is no wrapper of one. */
export function lockTaker(frames: readonly KnownFrame[]): number | undefined {
  const index = frames.findIndex(isOwnCode);
  return index < 0 ? undefined : index;
}

/** Names of functions whose innermost line mostly calls something that rests by itself: a sleep, a read, a driver. */
export const RESTS =
  /sleep|wait|poll|backoff|back_off|retry|throttle|loop|heartbeat|monitor|listen|recv|receive|select|accept|execute|request|query|connect|fetch|download|join|run$|<module>|forever|consume|subscribe|watch|readline|communicate/i;
