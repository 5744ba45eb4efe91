import { isAt } from '../frames/places.ts';
import type { Process } from '../model/process.ts';
import { mayLackThreads } from './excerpts.ts';
import type { ThreadFacts } from './facts.ts';
import { isForkFrame } from './fork.ts';
import type { HeldOnce } from './holders.ts';
import type { WantedLock } from './locks.ts';

/**
 * A plain lock is let go by a thread that runs. Where exactly two locks are wanted, each wanted by threads that could not
 * hold it themselves, and no other thread of the process is at work, each lock is held among those that want the other.
 */
export function inferByExclusion(
  locks: readonly HeldOnce[],
  threads: readonly ThreadFacts[],
  copies: ReadonlySet<Process>,
): HeldOnce[] {
  const [one, other] = locks;
  if (one === undefined || locks.length > 2 || locks.every(({ holder }) => holder !== undefined)) return [...locks];
  const waiting = new Set(locks.flatMap(({ wanted }) => wanted.map(({ thread }) => thread)));
  if (
    threads.some((thread) => !waiting.has(thread) && canHold(thread)) ||
    [...waiting].some((waiter) => isForked(waiter, copies)) ||
    [...waiting].some((waiter) => isPassing(waiter, threads)) ||
    [...waiting].some(servesOthers)
  )
    return [...locks];
  if (other === undefined) return [threads.some(joinsFromUserCode) ? one : inferSelf(one)];
  const why = 'no other thread of the process could hold it';
  const held = (lock: HeldOnce, by: ThreadFacts | undefined): HeldOnce => ({
    ...lock,
    holder: lock.holder ?? (by === undefined ? undefined : { thread: by, inferred: true, why }),
  });
  return [held(one, oddOneOut(other.wanted)), held(other, oddOneOut(one.wanted))];
}

/** One thread alone, waiting for a lock that nobody else could hold: it holds that itself, or the holder has ended. */
function inferSelf(lock: HeldOnce): HeldOnce {
  const [only] = lock.wanted;
  // An excerpt does not show who else is there.
  if (only === undefined || only.reentrant || only.thread.cut || mayLackThreads(only.thread.process)) return lock;
  if (lock.wanted.length > 1 || only.thread.thread.wait?.timeout === 'some') return lock;
  return {
    ...lock,
    holder: { thread: only.thread, inferred: true, why: 'no other thread is left that could hold it' },
  };
}

/** A manager of multiprocessing takes and releases locks for other processes: the holder is one of those, and no thread here. */
function servesOthers({ frames }: ThreadFacts): boolean {
  return frames.some(({ plain, frame }) => plain === 'serve_client' && isAt(frame, 'multiprocessing/managers.py'));
}

/** A thread that waits for another to end may hold the lock that the other wants. */
function joinsFromUserCode({ thread }: ThreadFacts): boolean {
  return thread.wait?.kind === 'join' && thread.userFrame !== undefined;
}

/** A forked child may wait for a lock whose holder stayed in the parent. Every process has some parent, such as a shell. */
function isForked({ frames, process }: ThreadFacts, copies: ReadonlySet<Process>): boolean {
  return process.forked === true || copies.has(process) || frames.some(isForkFrame);
}

/** Of several moments, one in which the thread stood elsewhere, or was not there: it gets its locks, one after the other. */
function isPassing({ thread }: ThreadFacts, threads: readonly ThreadFacts[]): boolean {
  if (thread.progress !== undefined) return thread.progress === 'moving';
  return threads.some((other) => other.thread.progress !== undefined);
}

/** A thread that runs code of the program, neither resting nor only waiting for others to end, could hold a lock of it. */
export function canHold({ thread, frames }: ThreadFacts): boolean {
  const runs =
    thread.userFrame !== undefined ||
    (thread.view.interpreter && !thread.view.python) ||
    // Native code that asks for the GIL may hold anything, and has no Python frame.
    thread.wait?.kind === 'gil';
  return frames.length > 0 && runs && thread.idleAs === undefined && thread.wait?.kind !== 'join';
}

/** Of several waiters the one that stands elsewhere: workers queueing at one line do not hold what they queue for. */
function oddOneOut(wanted: readonly WantedLock[]): ThreadFacts | undefined {
  if (wanted.length === 1) return wanted[0]?.thread;
  const byStack = new Map<string, ThreadFacts[]>();
  for (const { thread } of wanted) {
    const key = thread.frames.map(({ bare, frame }) => `${bare} ${frame.line}`).join('\n');
    const group = byStack.get(key);
    if (group === undefined) byStack.set(key, [thread]);
    else group.push(thread);
  }
  const single = [...byStack.values()].filter((group) => group.length === 1);
  return single.length === 1 ? single[0]?.[0] : undefined;
}
