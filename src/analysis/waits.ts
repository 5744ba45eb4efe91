import type { Category } from '../frames/categories.ts';
import type { KnownFrame } from '../frames/known-frame.ts';
import type { Timeout, Wait, WaitKind } from '../model/wait.ts';
import { asksForGil } from './gil.ts';
import { readTarget } from './targets.ts';
import { readTimeout } from './timeouts.ts';

/** Categories that are waits, and what they wait for. */
const WAITS: readonly (readonly [category: Category, kind: WaitKind, says: string])[] = [
  ['gil-wait', 'gil', 'waits for the GIL'],
  // py-spy hides the interpreter's own frames between the request and the wait.
  ['gil-acquire', 'gil', 'waits for the GIL'],
  ['thread-join', 'join', 'waits for a thread to end'],
  ['child-wait', 'child', 'waits for a child process'],
  ['dns', 'dns', 'resolves a name'],
  ['connect', 'connect', 'waits for a connection to be made'],
  ['accept', 'accept', 'waits for somebody to connect'],
  ['file-lock', 'file-lock', 'waits for a lock on a file'],
  ['device-sync', 'device', 'waits for a device'],
  ['collective', 'collective', 'waits for the other ranks'],
  ['message-wait', 'collective', 'waits for a message of another rank'],
  ['message-progress', 'collective', 'waits for a message of another rank'],
  ['condition-wait', 'condition', 'waits to be signalled'],
  ['semaphore-wait', 'semaphore', 'waits for a semaphore'],
  ['lock-wait', 'lock', 'waits for a lock'],
  ['poll', 'poll', 'waits until a file is ready'],
  ['read', 'read', 'waits for data to read'],
  ['write', 'write', 'waits for data to be taken'],
  ['sleep', 'sleep', 'sleeps'],
  ['futex', 'unknown', 'waits in the kernel for a lock of some kind'],
];

const GIL: (typeof WAITS)[number] = ['gil-wait', 'gil', 'waits for the GIL'];

/**
 * py-spy hides the interpreter's own frames, take_gil among them: it leaves the timed wait for a condition directly below Python,
 * or below one of CPython's calls that release the GIL. On Linux these wait by system calls and semaphores; only the GIL is
 * asked for with a condition.
 */
function retakesGil(frames: readonly KnownFrame[], index: number): boolean {
  const frame = frames[index];
  if (frame?.canonical !== 'pthread_cond_timedwait' || !GLIBC.test(frame.frame.module ?? '')) return false;
  const caller = frames.slice(index + 1).find(({ plumbing }) => !plumbing);
  if (caller === undefined) return false;
  return caller.frame.language === 'python' || RELEASING.test(caller.bare) || asksForGil(caller);
}

const GLIBC = /^lib(?:c|pthread)[.-]/;

/** Functions of CPython that take the GIL back after a call, and that of ctypes that takes it for a callback. */
const RELEASING =
  /^(?:time_sleep|pysleep|floatsleep|select_\w+_(?:impl|poll)|os_\w+|_Py_(?:read|write)|sock_\w+|_ssl_\w+|EVP_update|EVP_hash|zlib_\w+|_bz2_\w+|_lzma_\w+|_CallPythonObject)(?:_impl)?$/;

/** threading.Semaphore.acquire() waits on a condition; a lock's acquire() does not. */
const SEMAPHORE: (typeof WAITS)[number] = ['semaphore-wait', 'semaphore', 'waits for a semaphore'];

/**
 * Reads a thread's wait from its innermost frames. The innermost call says how the thread waits, the calls around it say
 * what for: going outwards, the last frame of an unbroken run of waiting frames decides.
 *
 * @param frames innermost first
 * @param version of the process's Python, where it is known
 */
export function readWait(frames: readonly KnownFrame[], version?: string): Wait | undefined {
  const indices: number[] = [];
  let kind: (typeof WAITS)[number] | undefined;
  for (const [index, frame] of frames.entries()) {
    const found = retakesGil(frames, index) ? GIL : WAITS.find(([category]) => frame.categories.has(category));
    // Around the wait for the GIL stands the call that gave it up, which is over.
    if (kind?.[1] === 'gil' && found?.[1] !== 'gil') break;
    if (found === undefined) {
      if (frame.plumbing || frame.unnamed) continue;
      break;
    }
    indices.push(index);
    kind = found[1] === 'lock' && kind?.[1] === 'condition' ? SEMAPHORE : found;
  }
  const innermost = frames[indices[0] ?? -1];
  if (kind === undefined || innermost === undefined) return undefined;
  const run = indices.flatMap((index) => frames[index] ?? []);
  const [, what, says] = kind;
  // The GIL is asked for in rounds of some milliseconds, for ever.
  const timeout = what === 'gil' ? 'none' : readTimeout(run, version);
  const target = readTarget(what, run);
  return {
    kind: what,
    target,
    timeout,
    frames: indices,
    says: `${run.some(isStopped) ? STOPPED : says}${target === undefined ? '' : ` (${target.replace(/^(?:lock|semaphore|condition|thread) /, '')})`} in ${callOf(run, innermost)}()${TIMEOUTS[timeout]}`,
  };
}

const STOPPED = 'waits to be let run, as another thread has stopped all others,';

/** In a free-threaded build there is no GIL to wait for. */
function isStopped({ bare }: KnownFrame): boolean {
  return bare === 'tstate_wait_attach' || bare === '_PyThreadState_Suspend';
}

/** The call that people know: "poll", "pthread_cond_wait", "join" rather than the futex inside of it. */
function callOf(run: readonly KnownFrame[], innermost: KnownFrame): string {
  const known = run.find(({ categories, plumbing }) => !plumbing && !categories.has('futex'));
  return (known ?? innermost).canonical;
}

const TIMEOUTS: Readonly<Record<Timeout, string>> = {
  none: ', without a timeout',
  some: ', with a timeout',
  unknown: '',
};
