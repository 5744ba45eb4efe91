import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import { lockOnLine } from '../frames/source-lines.ts';
import { addressOf, argumentOf, symbolOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';
import { waitsForImport } from './imports.ts';
import { entersLock, isReentrant } from './lock-entry.ts';

/** A lock that a thread waits for. */
export interface WantedLock {
  readonly thread: ThreadFacts;
  /** All addresses by which it goes: the Python object, the C lock inside, the futex in that. Empty when no tool showed any. */
  readonly addresses: readonly string[];
  /** The debugger's name of it, or the one in the source line that takes it. */
  readonly label: string | undefined;
  /** The place and the words by which one lock goes for all who take it there; other locks may be of one name, and two names of one lock. */
  readonly name: string | undefined;
  /** `mutex` is a lock of C or C++ code; those of Python are released by any thread. */
  readonly kind: 'python' | 'mutex';
  /** An RLock: who waits for it does not hold it. */
  readonly reentrant: boolean;
  /** Whether it wants to write, where a lock lets readers share it. */
  readonly writes: boolean;
  /** Whether processes share it: a lock of multiprocessing. */
  readonly shared: boolean;
}

/** Names of arguments that are the lock itself, by the function that has them. */
const LOCK_ARGUMENTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:lock_PyThread_acquire_lock|lock_acquire|rlock_acquire|_thread_R?[Ll]ock_)/, ['self', 'op', 'self_base']],
  [/^(?:PyThread_acquire_lock|acquire_timed)/, ['lock']],
  [/^_?PyMutex_Lock/, ['m']],
  [/^(?:__enter__|acquire|acquire_lock)$/, ['self']],
  [/mutex/, ['mutex', '__mutex', 'm', 'mtx']],
  [/rwlock|rdlock|wrlock/, ['rwlock', 'rwlock_arg']],
  [/lll_lock_wait/, ['futex']],
  [/futex/, ['futex_word', 'uaddr']],
  [/sem_wait/, ['sem']],
];

/** What a thread waits for, where that is a lock. */
export function wantedLock(facts: ThreadFacts): WantedLock | undefined {
  const { wait, idleAs } = facts.thread;
  // Workers of a pool queue for the lock around its pipe by design.
  if (wait?.kind !== 'lock' || idleAs !== undefined || waitsForImport(facts)) return undefined;
  const frames = wait.frames.flatMap((index) => facts.frames[index] ?? []);
  const kind = frames.some(isPythons) ? 'python' : 'mutex';
  if (kind === 'python' && !isPlainLock(facts, frames)) return undefined;
  return describe(facts, frames, kind);
}

/**
 * What a thread waits for in acquire(), where gdb shows no Python: a lock of the program, or one that a condition or a join
 * has made for this thread alone. That several threads want it tells.
 */
export function acquiredLock(facts: ThreadFacts): WantedLock | undefined {
  const { wait, view } = facts.thread;
  const frames = wait?.frames.flatMap((index) => facts.frames[index] ?? []) ?? [];
  const isMethod = frames.some(({ bare }) => bare === 'lock_PyThread_acquire_lock');
  return wait?.kind === 'lock' && !view.python && isMethod ? describe(facts, frames, 'python') : undefined;
}

function describe(facts: ThreadFacts, frames: readonly KnownFrame[], kind: WantedLock['kind']): WantedLock {
  const values = frames.flatMap(lockValues);
  const symbol = values.map(symbolOf).find((name) => name !== undefined);
  const [taker] = frames;
  const written = taker?.byLine === true ? lockOnLine(taker.frame.sourceLine ?? '') : undefined;
  return {
    thread: facts,
    addresses: [...new Set(values.flatMap((value) => addressOf(value) ?? []))],
    label: symbol ?? written,
    name: written !== undefined && IS_ONE.test(written) ? `${taker?.frame.file} ${written}` : undefined,
    kind,
    reentrant: kind === 'python' && frames.some(isReentrant),
    writes: frames.some(({ bare }) => /wrlock/.test(bare)),
    shared: frames.some(isShared),
  };
}

/** "index_lock", "self._lock": mostly one lock for all threads at that line. "target.lock" is one for each target. */
const IS_ONE = /^(?:(?:self|cls)\.)?\w+$/;

/** Locks of multiprocessing live in shared memory: their holder may well be another process that runs. */
export function isShared({ bare, frame }: KnownFrame): boolean {
  return (
    /SemLock|semlock/.test(bare) ||
    isAt(frame, 'multiprocessing/synchronize.py') ||
    // "<built-in method acquire of _multiprocessing.SemLock object at remote 0x7f10>"
    frame.arguments.some(({ value }) => /_multiprocessing\.SemLock object/.test(value))
  );
}

function isPythons({ bare, frame }: KnownFrame): boolean {
  return frame.language === 'python' || /PyThread|PyMutex|^_?rlock_|[Ll]ock_acquire|__enter__|^acquire/.test(bare);
}

/**
 * Conditions, queues and joins wait for locks of their own inside. Python frames tell them from a lock of the program, and
 * only the lock's own method tells it from the queues that are written in C.
 */
function isPlainLock(facts: ThreadFacts, frames: readonly KnownFrame[]): boolean {
  if (!facts.thread.view.python) return frames.some(isReentrant) || entersLock(facts);
  return frames.some(
    ({ bare, byLine }) =>
      byLine ||
      /lock_PyThread_acquire_lock|rlock_acquire|[Ll]ock_acquire|lock___enter__|__enter__|^_?PyMutex|^acquire(?!_timed)/.test(
        bare,
      ),
  );
}

function lockValues({ bare, frame }: KnownFrame): string[] {
  return LOCK_ARGUMENTS.flatMap(([functions, names]) => {
    const value = functions.test(bare) ? argumentOf(frame, names) : undefined;
    return value === undefined ? [] : [value];
  });
}

/** "__owner = 15707": glibc's mutex names the kernel's id of its owner, its lock for readers and writers that of the writer. */
const OWNER = /(?:__owner|__cur_writer) = (\d+)/g;

/** "_owner=140259" in the repr of a pure Python RLock: a pthread id. */
const PYTHON_OWNER = /\b_owner=(\d{6,})/g;

export interface NamedOwner {
  readonly nativeId: number | undefined;
  readonly pthreadId: string | undefined;
  /** Whether a frame of the wait itself says so, and so speaks of the lock that is waited for. */
  readonly atWait: boolean;
}

/** Thread ids that any value of a stack names as owner of some lock, innermost first. */
export function ownersNamed({ frames, thread }: ThreadFacts): NamedOwner[] {
  const waiting = new Set(thread.wait?.frames);
  const { mutexOwner } = thread;
  // Read from the process itself, where a live one was looked at.
  const read = mutexOwner === undefined ? [] : [{ nativeId: mutexOwner, pthreadId: undefined, atWait: true }];
  const named = frames.flatMap(({ frame }, index) =>
    [...frame.arguments, ...frame.locals].flatMap(({ value }) =>
      /_owner|__cur_writer/.test(value) ? ownersIn(value, waiting.has(index)) : [],
    ),
  );
  return [...read, ...named];
}

function ownersIn(value: string, atWait: boolean): NamedOwner[] {
  return [
    ...[...value.matchAll(OWNER)].map((found) => ({ nativeId: Number(found[1]), pthreadId: undefined, atWait })),
    ...[...value.matchAll(PYTHON_OWNER)].map((found) => ({
      nativeId: undefined,
      pthreadId: `0x${BigInt(found[1] ?? 0).toString(16)}`,
      atWait,
    })),
  ];
}

/** "__readers = 18": glibc counts the readers that hold a lock from the fourth bit on. */
const READERS = /\b__readers = (\d{1,9})\b/;

/** How many readers hold the lock that a thread waits for. */
export function readersOf({ frames, thread }: ThreadFacts): number | undefined {
  for (const index of thread.wait?.frames ?? []) {
    for (const { value } of frames[index]?.frame.locals ?? []) {
      const found = READERS.exec(value)?.[1];
      if (found !== undefined) return Number(found) >> 3;
    }
  }
  return undefined;
}
