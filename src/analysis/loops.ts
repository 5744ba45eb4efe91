import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import type { Frame } from '../model/frame.ts';
import type { ThreadFacts } from './facts.ts';

/** Code that an event loop runs: while it stands, the loop stands. */
export interface LoopCall {
  /** Index of the frame of the loop that called it. */
  readonly loop: number;
  /** Whether the loop itself stands on the stack; else it is concluded. */
  readonly seen: boolean;
  /** What the loop is called: "asyncio", "gevent". */
  readonly library: string;
}

/**
 * The innermost callback of an event loop on a thread's stack. None where the loop itself is innermost and rests, and none for
 * a notebook's cell: there the loop runs what its user asked for, however long that takes.
 */
export function loopCallOf(facts: ThreadFacts): LoopCall | undefined {
  const { frames, thread } = facts;
  const loop = pythonLoopOf(
    frames,
    frames.findIndex((frame) => runsCallbacks(frame)),
  );
  const found = loop < 0 ? (findHiddenLoop(frames) ?? findPatchedThread(facts) ?? findGreenlet(facts)) : loop;
  if (found === undefined || found < 1 || isPoolThread(facts, found)) return undefined;
  const inside = frames.slice(0, found);
  const isCode = inside.some(
    ({ frame, plumbing, categories }) => (frame.language === 'python' && !plumbing) || categories.has('eval'),
  );
  if (!isCode || inside.some(restsOrServes)) return undefined;
  return {
    loop: found,
    seen: frames[found] !== undefined || thread.unplaced.length > 0,
    library: libraryOf(frames[found]),
  };
}

/** Pools of gevent and eventlet run their native threads as greenlets, too: only the main thread has the hub. */
function isPoolThread({ frames, thread, process }: ThreadFacts, loop: number): boolean {
  const isGreen = frames[loop]?.categories.has('green-thread') === true && frames[loop]?.frame.language === 'native';
  const isMain = thread.nativeId !== undefined && thread.nativeId === process.pid;
  return (
    isGreen &&
    !isMain &&
    frames.some(({ bare }) => /^(?:thread_run|t_bootstrap|start_thread|_pthread_start)$/.test(bare))
  );
}

/** asyncio's C module stands between its loop and a coroutine: the loop in Python is the one to name. */
function pythonLoopOf(frames: readonly KnownFrame[], loop: number): number {
  const outer = frames.findIndex(({ frame }, index) => index >= loop && frame.language === 'python');
  const named = frames[outer];
  return loop >= 0 && named !== undefined && runsCallbacks(named) ? outer : loop;
}

function runsCallbacks({ categories }: KnownFrame): boolean {
  return categories.has('loop-callback') || categories.has('green-thread');
}

/**
 * uvloop and rsloop run callbacks without a Python frame of their own: the coroutine stands on run(). asyncio's own loop
 * would stand between. trio's loop steps into tasks by itself.
 */
function findHiddenLoop(frames: readonly KnownFrame[]): number | undefined {
  const found = frames.findIndex((frame) =>
    RUNNERS.some(([name, place]) => frame.plain === name && isAt(frame.frame, place)),
  );
  const inner = frames
    .slice(0, Math.max(0, found))
    .filter(({ frame }) => frame.language === 'python')
    .at(-1);
  return inner === undefined || HIDDEN_FROM.some((place) => isAt(inner.frame, place)) ? undefined : found;
}

/**
 * gevent and eventlet patch threading: threads become green threads, whose stacks begin like those of threads but stand on
 * the main thread.
 */
function findPatchedThread({ frames, thread, process }: ThreadFacts): number | undefined {
  const isMain = thread.name === 'MainThread' || (thread.nativeId !== undefined && thread.nativeId === process.pid);
  const found = isMain
    ? frames.findIndex(({ plain, frame }) => /^__?bootstrap_inner$/.test(plain) && isAt(frame, 'threading.py'))
    : -1;
  return found < 0 ? undefined : found;
}

/**
 * The stack of a greenlet ends where the greenlet began, and py-spy finds no name for a main thread that is patched. The main
 * thread of anything else begins in a module, but for interpreters inside of other programs.
 */
function findGreenlet({ frames, thread, process }: ThreadFacts): number | undefined {
  if (showsGreenlet(thread.unplaced)) return frames.length;
  const isMain = thread.nativeId !== undefined && thread.nativeId === process.pid && thread.name === undefined;
  const outermost = frames.at(-1);
  if (!isMain || outermost === undefined || frames.some(({ frame }) => frame.language !== 'python')) return undefined;
  const isModule =
    /^(?:<module>|main|_run_module_as_main)$/.test(outermost.plain) || outermost.categories.has('thread-entry');
  // At the end of the interpreter nothing has a name any more, and finalizers stand on nothing.
  const isEnding = frames.some(({ categories }) => categories.has('finalizer') || categories.has('interpreter-exit'));
  return isModule || isEnding || HOSTS.test(process.command ?? '') ? undefined : frames.length;
}

/** The native stack, where it could not be woven into the Python one: it goes on below the greenlet, into the hub. */
function showsGreenlet(native: readonly Frame[]): boolean {
  const inner = native.find(({ function: name }) => GREENLET.test(name) || /^(?:ev|uv)_run$/.test(name));
  return inner !== undefined && GREENLET.test(inner.function);
}

const GREENLET = /^greenlet::\w+::|^(?:g_switch|g_initialstub|slp_switch)$/;

/** Programs with an interpreter inside. */
const HOSTS = /uwsgi|apache|httpd|nginx|mod_wsgi/;

const RUNNERS = [
  ['run', 'asyncio/runners.py'],
  ['asyncio_run', 'uvicorn/_compat.py'],
  ['unrolled_run', 'trio/_core/_run.py'],
  // Excerpts leave out what stands between.
  ['run_forever', 'asyncio/base_events.py'],
] as const;

const HIDDEN_FROM = [
  'asyncio/',
  'uvicorn/_compat.py',
  'trio/_core/',
  'selectors.py',
  'nest_asyncio.py',
  'uvloop/',
] as const;

function restsOrServes({ categories, frame, plain }: KnownFrame): boolean {
  if (categories.has('event-loop') && !categories.has('loop-callback')) return true;
  return CELLS.has(plain) && (isAt(frame, 'ipykernel/') || isAt(frame, 'IPython/'));
}

/** Functions of ipykernel and IPython that run a cell. */
const CELLS: ReadonlySet<string> = new Set(['do_execute', 'execute_request', 'run_cell', 'run_code', 'run_cell_async']);

function libraryOf(loop: KnownFrame | undefined): string {
  if (loop === undefined) return 'greenlet';
  const known = LIBRARIES.find(([place]) => isAt(loop.frame, place));
  if (known !== undefined) return known[1];
  if (isAt(loop.frame, 'threading.py')) return 'greenlet';
  if (/^_*(?:pyx_f_6uvloop|Handle__run)/.test(loop.bare)) return 'uvloop';
  return loop.frame.language === 'native' && !ASYNCIO.test(loop.bare) && !isAt(loop.frame, '_asyncio.*')
    ? loop.categories.has('green-thread')
      ? 'greenlet'
      : 'a native event loop'
    : 'asyncio';
}

/** Functions of asyncio's C module. */
const ASYNCIO = /^(?:task_step|task_wakeup|TaskStepMethWrapper)/;

const LIBRARIES = [
  ['twisted/', 'twisted'],
  ['trio/', 'trio'],
  ['tornado/', 'tornado'],
  ['eventlet/', 'eventlet'],
  ['gevent/', 'gevent'],
  ['tkinter/', 'tkinter'],
] as const;

/** Whether a thread runs an event loop, at rest or at work. */
export function runsLoop({ frames }: ThreadFacts): boolean {
  return frames.some(({ categories }) => categories.has('event-loop'));
}
