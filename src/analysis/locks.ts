import type { KnownFrame } from '../frames/known-frame.ts';
import { addressOf, argumentOf, symbolOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';
import { waitsForImport } from './imports.ts';

/** A lock that a thread waits for. */
export interface WantedLock {
  readonly thread: ThreadFacts;
  /** All addresses by which it goes: the Python object, the C lock inside, the futex in that. Empty when no tool showed any. */
  readonly addresses: readonly string[];
  /** The debugger's name of it, or where the user's code takes it. */
  readonly label: string | undefined;
  /** `mutex` is a lock of C or C++ code; those of Python are released by any thread. */
  readonly kind: 'python' | 'mutex';
}

/** Names of arguments that are the lock itself, by the function that has them. */
const LOCK_ARGUMENTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:lock_PyThread_acquire_lock|lock_acquire|rlock_acquire)/, ['self', 'op', 'self_base']],
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
  const values = frames.flatMap(lockValues);
  const symbol = values.map(symbolOf).find((name) => name !== undefined);
  return {
    thread: facts,
    addresses: [...new Set(values.flatMap((value) => addressOf(value) ?? []))],
    label: symbol,
    kind,
  };
}

function isPythons({ bare, frame }: KnownFrame): boolean {
  return frame.language === 'python' || /PyThread|PyMutex|rlock_|lock_acquire|__enter__|^acquire/.test(bare);
}

/**
 * Conditions, queues and joins wait for locks of their own inside. Only Python frames tell them from a lock of the program,
 * and only the lock's own method tells it from the queues that are written in C.
 */
function isPlainLock({ thread }: ThreadFacts, frames: readonly KnownFrame[]): boolean {
  return (
    thread.view.python &&
    frames.some(({ bare }) =>
      /lock_PyThread_acquire_lock|rlock_acquire|lock_acquire|lock___enter__|__enter__|^_?PyMutex|^acquire(?!_timed)/.test(
        bare,
      ),
    )
  );
}

function lockValues({ bare, frame }: KnownFrame): string[] {
  return LOCK_ARGUMENTS.flatMap(([functions, names]) => {
    const value = functions.test(bare) ? argumentOf(frame, names) : undefined;
    return value === undefined ? [] : [value];
  });
}

/** "__owner = 15707": glibc's mutex names the kernel's id of its owner. */
const OWNER = /__owner = (\d+)/g;

/** "_owner=140259" in the repr of a pure Python RLock: a pthread id. */
const PYTHON_OWNER = /\b_owner=(\d{6,})/g;

export interface NamedOwner {
  readonly nativeId: number | undefined;
  readonly pthreadId: string | undefined;
  readonly value: string;
}

/** Thread ids that any value of a stack names as owner of some lock, with the value's own text. */
export function ownersNamed({ frames, thread: { mutexOwner } }: ThreadFacts): NamedOwner[] {
  // Read from the process itself, where a live one was looked at.
  const read = mutexOwner === undefined ? [] : [{ nativeId: mutexOwner, pthreadId: undefined, value: '' }];
  const named = frames.flatMap(({ frame }) =>
    [...frame.arguments, ...frame.locals].flatMap(({ value }) => (value.includes('_owner') ? ownersIn(value) : [])),
  );
  return [...read, ...named];
}

function ownersIn(value: string): NamedOwner[] {
  return [
    ...[...value.matchAll(OWNER)].map((found) => ({ nativeId: Number(found[1]), pthreadId: undefined, value })),
    ...[...value.matchAll(PYTHON_OWNER)].map((found) => ({
      nativeId: undefined,
      pthreadId: `0x${BigInt(found[1] ?? 0).toString(16)}`,
      value,
    })),
  ];
}
