import type { ThreadFacts } from '../../analysis/facts.ts';
import type { LoopCall } from '../../analysis/loops.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import type { Process } from '../../model/process.ts';

/**
 * Functions that make asynchronous code look synchronous: they hand a coroutine to a loop and block until it is done.
 * By name: "sync", "run_sync", "_sync_wrapper", "async_to_sync", "run_async", "run_coroutine", "syncify".
 */
const FACE =
  /^_*(?:(?:.+_)?sync(?:_.+)?|syncify|(?:.+_)?(?:to_sync|run_async|run_coroutine.*|run_coro.*|await_sync|wait_for_coro.*|from_coroutine))$/i;

/** The same, by place: what libraries call them. */
const FACES: readonly (readonly [name: string, place: string])[] = [
  ['blockingCallFromThread', 'twisted/internet/threads.py'],
  ['__call__', 'asgiref/sync.py'],
  ['run_until_future', 'asgiref/current_thread_executor.py'],
  ['run', 'anyio/from_thread.py'],
  ['run_sync', 'anyio/from_thread.py'],
  ['from_thread_run', 'trio/_threads.py'],
  ['sync', 'distributed/utils.py'],
  ['wrapped', 'jupyter_core/utils/__init__.py'],
];

/** Index of the innermost frame that makes asynchronous code look synchronous, directly around the wait. */
export function syncFaceOf({ frames, thread }: ThreadFacts): number | undefined {
  const { wait } = thread;
  if (wait === undefined || !/^(?:condition|lock|semaphore)$/.test(wait.kind)) return undefined;
  // What processes share is no future of a loop.
  if (wait.frames.some((index) => frames[index] !== undefined && isAt(frames[index].frame, SHARED))) return undefined;
  const wanted = frames
    .map((frame, index) => ({ frame, index }))
    .filter(({ frame }) => frame.frame.language === 'python' && !isPrimitive(frame))
    .slice(0, CALLERS);
  return wanted.find(({ frame }) => isFace(frame))?.index;
}

const SHARED = 'multiprocessing/synchronize.py';

/** A wrapper may have a helper between itself and the wait. */
const CALLERS = 2;

/** threading.py, queue.py and the futures themselves. */
function isPrimitive({ frame, categories }: KnownFrame): boolean {
  return (
    categories.has('condition-wait') ||
    categories.has('lock-wait') ||
    isAt(frame, 'threading.py') ||
    isAt(frame, 'concurrent/futures/_base.py')
  );
}

export function isFace(known: KnownFrame): boolean {
  return FACE.test(known.plain) || isKnownFace(known);
}

/** A face by the library it stands in; a name alone may be anybody's. */
export function isKnownFace({ plain, frame }: KnownFrame): boolean {
  return (
    FACES.some(([name, place]) => plain === name && isAt(frame, place)) ||
    (FACE.test(plain) && /asyn/i.test(frame.file ?? ''))
  );
}

/**
 * Whether a callback of an event loop waits for something that this loop has to do, and how sure that is. Undefined where it
 * waits for a job of an executor, or for nothing of the kind.
 *
 * @param atWork processes in which an executor runs jobs
 */
export function waitsForOwnFuture(
  facts: ThreadFacts,
  call: LoopCall,
  atWork: ReadonlySet<Process>,
): { readonly confidence: Confidence; readonly future: number } | undefined {
  const face = syncFaceOf(facts);
  const inner = facts.frames[face ?? -1];
  if (inner !== undefined && face !== undefined && face < call.loop)
    return { confidence: isKnownFace(inner) || waitsForFuture(facts, face) ? 'likely' : 'possible', future: face };
  const inside = facts.frames.slice(0, call.loop);
  const future = inside.findIndex(
    ({ plain, frame }) => /^(?:result|exception)$/.test(plain) && isAt(frame, 'concurrent/futures/_base.py'),
  );
  if (future < 0 || inside.some(isExecutors)) return undefined;
  if (atWork.has(facts.process)) return undefined;
  // An excerpt may have left the workers of an executor out.
  const { pid, threads } = facts.process;
  return { confidence: pid !== undefined || threads.length > 1 ? 'likely' : 'possible', future };
}

/** Whether what the face waits for is a future, and not any event. */
function waitsForFuture({ frames }: ThreadFacts, face: number): boolean {
  return frames.slice(0, face).some(({ frame }) => isAt(frame, 'concurrent/futures/_base.py'));
}

/** executor.map() and as_completed() wait for jobs of an executor. */
function isExecutors({ plain, frame }: KnownFrame): boolean {
  return (
    isAt(frame, 'concurrent/futures/_base.py') &&
    /^(?:result_iterator|as_completed|wait|_result_or_cancel|map)$/.test(plain)
  );
}

/**
 * Processes in which a worker of an executor runs a job, or that have an executor of processes: a future may be one of theirs,
 * and then only takes its time.
 */
export function processesWithJobs(threads: readonly ThreadFacts[]): ReadonlySet<Process> {
  return new Set(threads.filter(runsJob).map(({ process }) => process));
}

function runsJob({ frames, thread }: ThreadFacts): boolean {
  if (frames.some(({ plain, frame }) => MANAGES.test(plain) && isAt(frame, 'concurrent/futures/process.py')))
    return true;
  if (thread.idleAs !== undefined) return false;
  return frames.some(({ plain, frame }) => plain === '_worker' && isAt(frame, 'concurrent/futures/thread.py'));
}

/** The thread that an executor of processes keeps in the parent. */
const MANAGES = /^(?:wait_result_broken_or_wakeup|_queue_management_worker)$/;
