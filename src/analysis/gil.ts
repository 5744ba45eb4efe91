import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';

/** Who holds the GIL of one process, and who waits for it. */
export interface GilFacts {
  readonly holder: ThreadFacts | undefined;
  /** Whether the holder was concluded, not reported by a tool. */
  readonly inferred: boolean;
  readonly why: string;
  readonly waiters: readonly ThreadFacts[];
}

/** @param threads all threads of one process */
export function readGil(threads: readonly ThreadFacts[]): GilFacts {
  const waiters = threads.filter(waitsForGil);
  const stopper = threads.find((thread) => stopsTheWorld(thread) && !waiters.includes(thread));
  if (stopper !== undefined)
    return { holder: stopper, inferred: false, why: 'it has asked all other threads to stop', waiters };
  const told = threads.find(({ thread }) => thread.gil === 'holds');
  // A tool's word is a sample taken before the stop: a thread that stands in take_gil does not hold it.
  const waiting = new Set(waiters);
  if (told !== undefined && !waiting.has(told))
    return { holder: told, inferred: false, why: 'the tool says that it holds the GIL', waiters };
  const candidates =
    waiters.length === 0
      ? []
      : threads.filter((thread) => !waiting.has(thread) && (mayHold(thread) || isInLibrary(thread)));
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) return { holder: undefined, inferred: false, why: '', waiters };
  return {
    holder: only,
    inferred: true,
    why: 'it is the only thread that runs Python and has not given the GIL up',
    waiters,
  };
}

/** The request of a free-threaded build (and of profilers) that all other threads stop, for a collection or a fork. */
export function stopsTheWorld({ frames }: ThreadFacts): boolean {
  return frames.some(({ bare }) => bare === 'stop_the_world');
}

/** Threads that have not stopped: they run Python, or native code that has not let go of the interpreter. */
export function notYetStopped(threads: readonly ThreadFacts[]): ThreadFacts[] {
  return threads.filter((thread) => !waitsForGil(thread) && !stopsTheWorld(thread) && mayHold(thread));
}

export function waitsForGil({ thread, frames }: ThreadFacts): boolean {
  if (thread.gil === 'waits') return true;
  return thread.wait?.kind === 'gil' || frames.slice(0, INNERMOST).some(({ bare }) => bare === 'take_gil');
}

/** A function of a binding that asks for the GIL: those of well-known libraries, and any whose name says so. */
export function asksForGil({ categories, bare, frame }: KnownFrame): boolean {
  return categories.has('gil-acquire') || (frame.language === 'native' && SAYS_GIL.test(bare));
}

/** "App::PythonGILLocker::PythonGILLocker", "ScopedGILLock", "PyEnsureGIL::PyEnsureGIL", "Base::PyGILStateLocker", "gil_real_get" */
const SAYS_GIL =
  /(?:GIL|Gil|gil)_?(?:State|state)?_?(?:[Ll]ock|[Gg]uard|[Aa]cquire|[Ee]nsure|[Ss]cope|[Hh]older|real_get)|(?:[Ee]nsure|[Aa]cquire|[Ww]ith)_?(?:Py_?)?(?:GIL|Gil|gil)\b/;

/** take_gil stands within this many frames of the innermost. */
const INNERMOST = 12;

/**
 * Functions of CPython that release the GIL around a wait of their own. A wait that none of them encloses, called from
 * Python, is made with the GIL held, unless the extension released it itself, which leaves no frame.
 */
const RELEASES =
  /^(?:PyThread_acquire_lock|acquire_timed|lock_PyThread_acquire_lock|_thread_R?[Ll]ock_|rlock_acquire|lock_acquire|PyMutex_Lock|pysleep|time_sleep|floatsleep|select_|os_|posix_|sock_|_Py_read|_Py_write|_io_|bufferedreader|_ssl__|PySSL_|semlock_acquire|_multiprocessing_|do_fork_exec|subprocess_fork|internal_select|builtin_input|PyOS_Readline|drop_gil|PyEval_SaveThread|thread_PyThread|ThreadHandle_|PyThread_join|_PySemaphore|_PyParkingLot|internal_connect|signal_|faulthandler|sqlite|pysqlite|stmt_step|_PyOnceFlag|zmq_|fcntl_)/;

/** Whether a thread runs Python and no frame shows that it gave the GIL up. */
export function mayHold({ thread, frames }: ThreadFacts): boolean {
  if (!frames.some(runsPython)) return false;
  const loop = frames.findIndex(({ categories, frame }) => categories.has('eval') || frame.language === 'python');
  const inner = frames.slice(0, loop < 0 ? frames.length : loop);
  return thread.view.interpreter && !inner.some(givesUpGil);
}

/** py-spy hides frames of the interpreter, which might have released the GIL, but not those of a library that Python called. */
function isInLibrary({ thread, frames }: ThreadFacts): boolean {
  const python = frames.findIndex(({ frame }) => frame.language === 'python');
  const inner = frames.slice(0, Math.max(0, python));
  return thread.view.native && !inner.some(givesUpGil) && inner.some(isLibrarys);
}

function isLibrarys({ frame, plumbing, unnamed, bare }: KnownFrame): boolean {
  return !plumbing && !unnamed && !RUNTIME.test(frame.module ?? '') && !bare.startsWith('Py');
}

const RUNTIME = /(?:^|\/)lib(?:c|pthread|python\d[\d.]*)[.-][^/]*$/;

/** A function that releases the GIL around what it calls. */
export function givesUpGil({ bare, categories }: KnownFrame): boolean {
  return categories.has('gil-released') || RELEASES.test(bare);
}

function runsPython({ frame, categories }: KnownFrame): boolean {
  return frame.language === 'python' || categories.has('eval');
}
