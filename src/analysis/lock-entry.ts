import type { KnownFrame } from '../frames/known-frame.ts';
import { argumentOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';

/** A frame of an RLock, which its holder may take again: who waits for it does not hold it. */
export function isReentrant({ bare, frame }: KnownFrame): boolean {
  return /^rlock_|RLock|PyRecursiveMutex/.test(bare) || argumentOf(frame, ['self'])?.includes('RLock object') === true;
}

/**
 * Whether a thread enters a lock by `with`, told from C frames alone: the interpreter's loop calls the method itself, where
 * conditions, queues and joins name acquire() in an expression, which goes by way of its descriptor.
 */
export function entersLock({ frames, thread }: ThreadFacts): boolean {
  const last = thread.wait?.frames.at(-1);
  if (last === undefined || !METHOD.test(frames[last]?.bare ?? '')) return false;
  const loop = frames.findIndex(({ categories }, index) => index > last && categories.has('eval'));
  const callers = frames.slice(last + 1, Math.max(loop, 0)).map(({ bare }) => bare);
  return callers.some((name) => ENTERS.test(name)) && !callers.some((name) => CALLS.test(name));
}

/** "lock_PyThread_acquire_lock", and since 3.14 "_thread_lock___enter__" */
const METHOD = /lock_PyThread_acquire_lock|lock_acquire|lock___enter__/;

/** What calls a method of C without arguments from the loop: of 2.7, of 3.6 and 3.7, and since. */
const ENTERS = /^(?:PyCFunction_Call|_Py(?:CFunction|MethodDef)_(?:Raw)?FastCallDict|cfunction_call(?:_varargs)?)$/;

/** What calls the method that an expression names. */
const CALLS = /^(?:call_function|method_vectorcall)|Keywords$/;
