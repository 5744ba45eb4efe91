import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import { isUserCode } from '../frames/user-code.ts';
import type { Thread } from '../model/thread.ts';
import type { WaitKind } from '../model/wait.ts';
import type { ThreadFacts } from './facts.ts';
import { asksForGil } from './gil.ts';

/** A thread of the program itself that takes from a queue; at rest only as long as nobody waits for its end. */
export const OWN_WORKER = 'worker waiting for work';

/** Kinds of rest that need no table: what the thread is made of tells, whatever the library. */
export function idleShape(facts: ThreadFacts): string | undefined {
  if (waitsForSignal(facts)) return 'thread that waits for a signal to the process';
  if (isNativeThread(facts)) return 'thread of a native library at rest';
  return ofThreadRun(facts);
}

/** Waits of native threads for work to come. */
const NATIVE_RESTS: ReadonlySet<WaitKind | undefined> = new Set<WaitKind | undefined>([
  'poll',
  'condition',
  'semaphore',
  'sleep',
  'unknown',
]);

/**
 * A thread that a library made for itself: it has no Python frames and no interpreter below, although gdb would show them,
 * and waits to be given work.
 */
function isNativeThread({ frames, thread, process }: ThreadFacts): boolean {
  if (!thread.view.interpreter || frames.length === 0 || thread.truncated) return false;
  // The first thread of a program, in Python or not, is nobody's helper.
  if (thread.nativeId !== undefined && thread.nativeId === process.pid) return false;
  const outermost = frames.at(-1);
  // Where the outer end has no name, it may be that of an excerpt: a request tells that somebody asked.
  const atEntry =
    outermost?.categories.has('thread-entry') === true || (outermost?.unnamed === true && !frames.some(isRequest));
  return atEntry && !frames.some(isPython) && NATIVE_RESTS.has(thread.wait?.kind);
}

/** "zmq_ctx_term", "rd_kafka_destroy", "pool_shutdown": somebody waits for an end. */
const ENDS = /(?:^|_)(?:term|terminate|destroy|close|shutdown|finalize|stop|join)(?:$|_)/i;

function isRequest({ categories, bare }: KnownFrame): boolean {
  return (
    ENDS.test(bare) ||
    categories.has('client-request') ||
    categories.has('database-request') ||
    categories.has('database-driver')
  );
}

function isPython({ frame, bare, categories }: KnownFrame): boolean {
  return frame.language === 'python' || categories.has('eval') || /^_?Py[A-Z]|^_Py_|^take_gil$|^pymain/.test(bare);
}

/** signal.pause() and its like: the main thread of a program whose other threads do the work. A thread that wants the GIL is parked so at the end. */
function waitsForSignal({ frames }: ThreadFacts): boolean {
  const innermost = frames.find(({ plumbing, unnamed }) => !plumbing && !unnamed);
  return (
    innermost !== undefined &&
    /^(?:pause|sigwait|sigwaitinfo|sigtimedwait)$/.test(innermost.canonical) &&
    !frames.some(asksForGil)
  );
}

/** How many frames of its own a thread's loop has between its start and its wait; deeper ones are at work on something. */
const LOOP_DEPTH = 5;

/** Names of functions that wait for an answer or for an end, not for work. */
const ASKS =
  /send|request|call|execute|query|fetch|rpc|submit|result|flush|close|stop|shutdown|terminate|join|connect|publish|write|commit|acquire|handshake|barrier|sync|init|start|load|upload|download/i;

/**
 * A thread whose own loop takes from a queue, or waits for the time of its next round: run() of a library, or a worker of the
 * program's that takes from a queue, directly under the start of a thread.
 */
function ofThreadRun({ frames, thread, process }: ThreadFacts): string | undefined {
  const { python } = thread.view;
  const own = frames.filter(({ frame }) => frame.language === 'python');
  const entry = own.findIndex(({ categories }) => categories.has('thread-entry'));
  if (!python || entry < 1 || frames.some(isSideways)) return undefined;
  const inside = own.slice(0, entry);
  const waits = inside.findIndex(({ categories }) => !categories.has('condition-wait') && !categories.has('poll'));
  if (waits === 0 && isQuiet(thread, inside)) return 'background thread of a library';
  if (waits < 1) return undefined;
  const wait = inside[waits - 1];
  const loop = inside.slice(waits);
  if (wait === undefined || !RESTS.test(wait.plain) || loop.length > LOOP_DEPTH) return undefined;
  if (loop.some(({ plain }) => ASKS.test(plain))) return undefined;
  const isTheirs = loop.every(({ frame }) => !isUserCode(frame));
  if (isTheirs) return wait.plain === 'get' ? 'thread of a library waiting for work' : 'background thread of a library';
  // A queue of threads is filled by threads of the same process, which a child that was forked does not have.
  if (isAt(wait.frame, 'queue.py') && process.threads.length === 1 && frames.some(isProcess)) return undefined;
  return wait.plain === 'get' && loop.length <= 3 ? OWN_WORKER : undefined;
}

function isProcess({ plain, frame }: KnownFrame): boolean {
  return plain === '_bootstrap' && isAt(frame, 'multiprocessing/process.py');
}

/** Code that ran into the thread, and that the thread did not call. */
function isSideways({ categories }: KnownFrame): boolean {
  return categories.has('finalizer') || categories.has('gc') || categories.has('signal-handler');
}

/** A library's own loop that waits in C: sleeping, or until a file is ready. What it waits for is not to be seen. */
function isQuiet({ activity, view, wait }: Thread, inside: readonly KnownFrame[]): boolean {
  if (inside.length > 2 || inside.some(({ frame, plain }) => isUserCode(frame) || ASKS.test(plain))) return false;
  return view.native
    ? wait !== undefined && NATIVE_RESTS.has(wait.kind)
    : activity === 'idle' && wait?.kind !== 'child';
}

/** queue.get(), Event.wait(), Condition.wait(), select(): not join(), put() or result(). */
const RESTS = /^(?:get|wait|wait_for|select)$/;
