import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';
import { asksForGil, givesUpGil, waitsForGil } from './gil.ts';

/** A wait in native code that was called from Python, with the GIL held as far as the stack tells. Indices of frames. */
export interface HeldWait {
  readonly wait: number;
  /** The function of a library that waits. */
  readonly library: number;
  /** Where Python called it; undefined when the stack is cut before that. */
  readonly entry: number | undefined;
  /** Whether the wait is for threads of a library that are being ended. */
  readonly endsThreads: boolean;
  /** Whether ctypes made the call: it releases the GIL, but not for functions of a PyDLL. */
  readonly byCtypes: boolean;
}

/**
 * A thread that came from Python straight into native code and waits there for a lock, a condition or a thread, while no frame
 * between gives the GIL up. Extensions may do that without a frame, so that this alone proves nothing.
 */
export function readHeldWait({ frames, thread, cut }: ThreadFacts): HeldWait | undefined {
  if (thread.idleAs !== undefined || thread.progress === 'moving' || frames.some(isEnding)) return undefined;
  const entry = frames.findIndex(isPythonSide);
  const inner = entry < 0 ? frames : frames.slice(0, entry);
  if (inner.some(isExplainedOtherwise)) return undefined;
  // A wait for a device is usually made with the GIL released, but not in a destructor.
  const dropped = isDestructor(frames[entry] ?? NOBODY) || inner.some(isDestructor);
  if (!dropped && inner.some(({ categories }) => categories.has('device-sync'))) return undefined;
  const wait = inner.findIndex(isNativeWait);
  if (wait < 0 || !inner.slice(0, wait).every(isPartOfWait)) return undefined;
  // Who gives the processor away and asks again waits for no thread's signal.
  if (inner[wait]?.canonical === 'sched_yield') return undefined;
  const library = inner.findIndex((frame, index) => index >= wait && isLibraryCode(frame));
  if (library < 0) return undefined;
  // A thread that never was in Python is none of the GIL's business; of an excerpt that is not known.
  if (entry < 0 && !cut) return undefined;
  return {
    wait,
    library,
    entry: entry < 0 ? undefined : entry,
    endsThreads: inner.some(endsThreads),
    byCtypes: inner.some(isCtypes),
  };
}

/** Native code that asks for the GIL: the frame that asks, and the function of a library outside of it. */
export interface GilRequest {
  readonly asks: number;
  readonly library: number;
}

/** A thread in native code, not on its way back from a call of Python's, that waits for the GIL. */
export function readGilRequest(facts: ThreadFacts): GilRequest | undefined {
  const { frames } = facts;
  if (facts.thread.idleAs !== undefined || !waitsForGil(facts)) return undefined;
  const end = frames.findIndex((frame) => !isPartOfRequest(frame));
  const asks = frames.slice(0, end < 0 ? frames.length : end).findLastIndex(asksForGil);
  if (asks < 0) return undefined;
  const library = frames.findIndex((frame, index) => index > asks && !frame.plumbing);
  const caller = frames[library];
  return caller === undefined || (isPythonSide(caller) && !isNearest(caller)) ? undefined : { asks, library };
}

/** Of an extension module without symbols, which exports only its start, every function goes by the name of that. */
function isNearest({ bare }: KnownFrame): boolean {
  return bare.startsWith('PyInit_');
}

/** A destructor or what stands for one: "X::~X", "_M_dispose", "py_decref", "drop_in_place", "THPVariable_dealloc". */
export function isDestructor({ bare, plain }: Pick<KnownFrame, 'bare' | 'plain'>): boolean {
  return (
    /(?:^|::)~/.test(bare) || /^_M_(?:dispose|release|destroy)|decref|dealloc|drop_in_place|drop_slow/i.test(plain)
  );
}

function isPartOfRequest(known: KnownFrame): boolean {
  const { plumbing, unnamed, categories, frame } = known;
  if (frame.language === 'python') return false;
  return plumbing || unnamed || asksForGil(known) || REQUEST.some((category) => categories.has(category));
}

const NOBODY = { bare: '', plain: '' };

const REQUEST = ['gil-wait', 'gil-acquire', 'condition-wait', 'lock-wait', 'semaphore-wait', 'futex'] as const;
const WAITS = ['lock-wait', 'condition-wait', 'thread-join', 'semaphore-wait', 'spin'] as const;

/** Functions that take the lock of the dynamic loader or of a static variable and then show no frame of the lock itself. */
const HIDDEN_LOCK = /^(?:dl_iterate_phdr|cxa_thread_atexit_impl|cxa_guard_acquire)$/;

function isNativeWait({ categories, canonical }: KnownFrame): boolean {
  return WAITS.some((category) => categories.has(category)) || HIDDEN_LOCK.test(canonical);
}

function isPartOfWait({ plumbing, unnamed, categories }: KnownFrame): boolean {
  return plumbing || unnamed || categories.has('futex');
}

/** Native code of neither the interpreter nor the C and C++ runtimes. */
function isLibraryCode({ frame, bare, categories, unnamed, plumbing }: KnownFrame): boolean {
  if (frame.language !== 'native' || plumbing || RUNTIME.test(frame.module ?? '')) return false;
  if (unnamed) return frame.module !== undefined;
  if (/^_?Py[A-Z_]|^std::|^__gthread|^_Unwind/.test(bare) || CPYTHON.test(frame.file ?? '')) return false;
  return bare.includes('::') || !WAITS.some((category) => categories.has(category));
}

/** "Objects/dictobject.c", "./Modules/_threadmodule.c", "/usr/src/Python-3.11/Python/ceval.c", and without the folder. */
const CPYTHON =
  /(?:^|\/)(?:Objects|Python|Modules|Parser)\/\w+\.[ch]$|^(?:dictobject|typeobject|listobject|object|ceval|lock|parking_lot)\.c$/;

const RUNTIME = /(?:^|\/)(?:lib(?:c|pthread|stdc\+\+|gcc_s|m)[.-]|ld-|(?:lib)?python\d)[^/]*$/;

/** Where native code was called by Python: bindings are the last frames that surely hold the GIL. */
function isPythonSide({ frame, bare, categories }: KnownFrame): boolean {
  return frame.language === 'python' || categories.has('eval') || PYTHON_SIDE.test(bare);
}

const PYTHON_SIDE =
  /^__pyx_p[wf]_|^(?:THP|THCP)\w*|\w_dealloc$|^_?Py_(?:DECREF|XDECREF|Dealloc)|^_?Py(?:Object|CFunction|Vectorcall|Init|Eval|Function|Iter|GC|Gen|Err)_|^cfunction_|^method_vectorcall|^subtype_dealloc|^slot_tp_|cpp_function::dispatcher|^(?:nanobind::detail::)?nb_func_vectorcall|^pyo3::impl_::trampoline|^boost::python::/;

function isExplainedOtherwise(frame: KnownFrame): boolean {
  const { categories, canonical } = frame;
  if (givesUpGil(frame) || OTHERWISE.some((category) => categories.has(category))) return true;
  // Inside dlopen() the lock of the loader is the matter; at its innermost functions it is what is waited for.
  return categories.has('loader') && !HIDDEN_LOCK.test(canonical);
}

const OTHERWISE = [
  'gil-wait',
  'fork',
  'collective',
  'message-wait',
  'allocator',
  'native-client',
  'parallel-region',
] as const;

function isEnding({ categories, frame }: KnownFrame): boolean {
  return frame.language !== 'python' && (categories.has('process-exit') || categories.has('interpreter-exit'));
}

function isCtypes({ canonical }: KnownFrame): boolean {
  return canonical === 'ctypes_callproc' || canonical === 'call_function_pointer' || canonical === 'ffi_call';
}

function endsThreads(frame: KnownFrame): boolean {
  return frame.categories.has('native-shutdown') || isDestructor(frame);
}
