import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';
import { isOwnCode, lockTaker, RESTS } from './lock-sight.ts';

/** A stack that comes back to code that it is still in. Indices count from the innermost frame. */
export interface Reentry {
  /** The function that takes the lock. */
  readonly inner: number;
  /** The same function, or one of the same file, further out. */
  readonly outer: number;
  readonly same: 'function' | 'file';
  /** Whether a log call stands between the two. */
  readonly throughLogging: boolean;
}

/**
 * The way back from the function at the lock to itself by way of another file: a listener, a log handler, a callback.
 * A function that only calls itself is a recursion, which says nothing of locks.
 */
export function findReentry({ frames }: ThreadFacts): Reentry | undefined {
  const inner = lockTaker(frames);
  const taker = inner === undefined ? undefined : frames[inner];
  if (inner === undefined || taker === undefined) return undefined;
  let left = false;
  let throughLogging = false;
  let sameFile: number | undefined;
  for (let index = inner + 1; index < frames.length; index += 1) {
    const frame = frames[index];
    if (frame === undefined || frame.frame.language !== 'python') continue;
    // Below the fork of a child stands what its parent did.
    if (frame.categories.has('forked-child') || frame.categories.has('worker-start')) break;
    throughLogging ||= isLogCall(frame);
    if (!isOwnCode(frame)) {
      left ||= throughLogging;
      continue;
    }
    if (frame.frame.file !== taker.frame.file) left = true;
    else if (left && frame.plain === taker.plain) return { inner, outer: index, same: 'function', throughLogging };
    else if (left) sameFile ??= index;
  }
  return sameFile === undefined ? undefined : { inner, outer: sameFile, same: 'file', throughLogging };
}

/** Where code enters the logging module to write a record. */
function isLogCall({ frame, plain }: KnownFrame): boolean {
  return (
    /^(?:_log|callHandlers|handle|showwarning|_showwarnmsg|warn_explicit)$/.test(plain) &&
    /(?:^|[\\/])(?:logging[\\/]__init__|warnings)\.py$/.test(frame.file ?? '')
  );
}

/** Whether a log handler at work (emit) led to another log call on the same stack. */
export function logsInsideHandler({ frames }: ThreadFacts): boolean {
  const call = frames.findIndex(isLogCall);
  if (call < 0) return false;
  const emit = frames.findIndex(({ frame, plain }, index) => {
    return index > call && frame.language === 'python' && /^_?emit$/.test(plain);
  });
  // Between the two stands the code that logged: a handler that hands on to its logger's parents does not leave the module.
  return emit >= 0 && frames.slice(call + 1, emit).some((frame) => isOwnCode(frame));
}

/** Code of a file that calls a listener, which calls back into that file: what a critical section is left by and entered again. */
export function isCalledBack({ frames }: ThreadFacts): boolean {
  const python = frames.filter(({ frame }) => frame.language === 'python');
  const [inner, listener, outer] = python;
  if (inner === undefined || listener === undefined || outer === undefined) return false;
  const isOwn = isOwnCode(inner) && isOwnCode(listener) && outer.frame.file === inner.frame.file;
  return isOwn && LISTENER.test(listener.plain) && !LISTENER.test(inner.plain) && !RESTS.test(inner.plain);
}

const LISTENER = /^_?(?:on_[a-z]\w*|(?:\w+_)?(?:cb|callback|hook|listener|handler|observer|subscriber)\d*)$/;
