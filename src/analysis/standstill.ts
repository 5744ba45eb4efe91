import { isAtWork } from './at-work.ts';
import { mayLackThreads } from './excerpts.ts';
import type { ThreadFacts } from './facts.ts';
import { isForkFrame } from './fork.ts';
import { innermostPython, lockTaker } from './lock-sight.ts';
import { acquiredLock, type WantedLock, wantedLock } from './locks.ts';

/** A process in which nobody is seen at work and somebody wants a lock: its holder is one of these threads, or has ended. */
export interface Standstill {
  /** The threads that want each lock; a lock without an address is one for each line at which it is taken. */
  readonly groups: readonly (readonly WantedLock[])[];
  /** Threads that wait without a time for others: to end, or to be signalled. */
  readonly waiting: readonly ThreadFacts[];
  /** Threads that sleep, poll, or wait with a time: they go on, and may yet give a lock back. */
  readonly turning: readonly ThreadFacts[];
}

/** @param own all threads of one process. Undefined where somebody may be at work, or not all threads are known. */
export function findStandstill(own: readonly ThreadFacts[]): Standstill | undefined {
  const process = own[0]?.process;
  if (process === undefined || process.forked === true || mayLackThreads(process)) return undefined;
  if (own.some(({ cut }) => cut)) return undefined;
  const wanted: WantedLock[] = [];
  const waiting: ThreadFacts[] = [];
  const turning: ThreadFacts[] = [];
  for (const thread of own) {
    const { wait, idleAs, gil } = thread.thread;
    if (idleAs !== undefined || thread.frames.length === 0) continue;
    if (isAtWork(thread) || gil === 'holds' || thread.frames.some(isForkFrame) || imports(thread)) return undefined;
    const lock = wait?.timeout === 'some' ? undefined : wantedLock(thread);
    if (lock?.shared === true) return undefined;
    if (lock !== undefined) wanted.push(lock);
    else if (wait === undefined) return undefined;
    else if (wait.timeout === 'some' || TURNS.has(wait.kind)) turning.push(thread);
    else if (WAITS.has(wait.kind)) waiting.push(thread);
    else return undefined;
  }
  const common = wantedByMany(waiting);
  const groups = groupWanted([...wanted, ...common]);
  if (groups.length === 0) return undefined;
  const queueing = new Set(common.map(({ thread }) => thread));
  return { groups, waiting: waiting.filter((thread) => !queueing.has(thread)), turning };
}

/** Waits in acquire() for a lock that others want, too. */
function wantedByMany(waiting: readonly ThreadFacts[]): WantedLock[] {
  const locks = waiting.flatMap((thread) => acquiredLock(thread) ?? []).filter(({ addresses }) => addresses.length > 0);
  return groupWanted(locks)
    .filter((group) => group.length > 1)
    .flat();
}

/** A timer of a library, or what looks like one where no user code is shown: it holds no lock of the program. */
export function isTimer({ thread }: ThreadFacts): boolean {
  const { wait, userFrame } = thread;
  return wait?.timeout === 'some' && WAITS.has(wait.kind) && userFrame === undefined;
}

/** Where gdb shows no Python, the lock of a module looks like any other; its holder imports, and waits for something else. */
function imports({ frames, thread }: ThreadFacts): boolean {
  return !thread.view.python && frames.some(({ categories }) => categories.has('import'));
}

const TURNS: ReadonlySet<string> = new Set(['sleep', 'poll', 'accept']);
const WAITS: ReadonlySet<string> = new Set(['join', 'condition', 'semaphore', 'lock']);

function groupWanted(wanted: readonly WantedLock[]): WantedLock[][] {
  const groups = new Map<string, WantedLock[]>();
  for (const lock of wanted) {
    const keys = lock.addresses.length > 0 ? lock.addresses : [lock.name ?? lineOf(lock.thread)];
    const group = keys.map((key) => groups.get(key)).find((known) => known !== undefined) ?? [];
    group.push(lock);
    for (const key of keys) groups.set(key, group);
  }
  return [...new Set(groups.values())];
}

function lineOf({ frames, thread }: ThreadFacts): string {
  const frame = frames[lockTaker(frames) ?? innermostPython(frames) ?? -1]?.frame;
  return frame === undefined ? `thread ${thread.id}` : `${frame.function} ${frame.file}:${frame.line}`;
}
