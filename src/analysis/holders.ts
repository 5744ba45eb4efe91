import { isUserCode } from '../frames/user-code.ts';
import { mentionedBy } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';
import { isForkFrame } from './fork.ts';
import { waitsForGil } from './gil.ts';
import { ownersNamed, type WantedLock } from './locks.ts';

/** The thread that holds a lock, and how that is known. */
interface Holder {
  readonly thread: ThreadFacts;
  readonly inferred: boolean;
  readonly why: string;
}

/** A lock that at least one thread wants. */
export interface Lock {
  readonly id: string;
  readonly label: string;
  readonly wanted: readonly WantedLock[];
  readonly holder: Holder | undefined;
}

/** Finds the holder of each lock that threads of one process want, as far as the dumps tell. */
export function findHolders(wanted: readonly WantedLock[], threads: readonly ThreadFacts[]): Lock[] {
  const groups = groupByLock(wanted);
  const named = namedOwners(threads);
  const mentions = findMentions(wanted, threads);
  const objects = findObjects(wanted);
  const byGil = gilWaiter(threads);
  const locks = groups.map(({ id, label, members }) => {
    const addresses = new Set(members.flatMap((member) => member.addresses));
    return {
      id,
      label,
      wanted: members,
      holder:
        ownerOf(members, named) ??
        holderByMention(addresses, members, mentions) ??
        holderByObject(members, objects) ??
        // A native lock whose waiters hold up the GIL is held by one who waits for the GIL from native code.
        (members.some(({ kind }) => kind === 'python') ? undefined : byGil),
    };
  });
  return inferByExclusion(locks, threads);
}

interface Group {
  readonly id: string;
  readonly label: string;
  readonly members: WantedLock[];
}

/** Locks are the same when they share an address; without any, each wait is for a lock of its own. */
function groupByLock(wanted: readonly WantedLock[]): Group[] {
  const byAddress = new Map<string, Group>();
  const groups: Group[] = [];
  for (const lock of wanted) {
    const known = lock.addresses.map((address) => byAddress.get(address)).find((group) => group !== undefined);
    const [address] = lock.addresses.slice(-1);
    const id = address ?? `wanted by ${lock.thread.thread.id}`;
    const group = known ?? {
      id,
      label: lock.label ?? (address === undefined ? 'a lock' : `lock ${address}`),
      members: [],
    };
    if (known === undefined) groups.push(group);
    group.members.push(lock);
    for (const one of lock.addresses) byAddress.set(one, group);
  }
  return groups;
}

/** Owners that values of waiting stacks name, by the stack that names them. */
function namedOwners(threads: readonly ThreadFacts[]): Map<ThreadFacts, ThreadFacts> {
  const owners = new Map<ThreadFacts, ThreadFacts>();
  const byId = new Map<number | string, ThreadFacts>();
  for (const one of threads)
    for (const id of [one.thread.nativeId, one.thread.pthreadId])
      if (id !== undefined && !byId.has(id)) byId.set(id, one);
  for (const thread of threads) {
    for (const { nativeId, pthreadId } of ownersNamed(thread)) {
      const owner = byId.get(nativeId ?? pthreadId ?? '');
      if (owner !== undefined && owner !== thread) owners.set(thread, owner);
    }
  }
  return owners;
}

function ownerOf(members: readonly WantedLock[], named: ReadonlyMap<ThreadFacts, ThreadFacts>): Holder | undefined {
  const owner = members.map(({ thread }) => named.get(thread)).find((thread) => thread !== undefined);
  return owner === undefined ? undefined : { thread: owner, inferred: false, why: 'the lock itself names its owner' };
}

type Mentions = ReadonlyMap<string, ReadonlySet<ThreadFacts>>;

/** The threads that mention each address of a wanted lock, from one walk over all stacks. */
function findMentions(wanted: readonly WantedLock[], threads: readonly ThreadFacts[]): Mentions {
  const mentions = new Map<string, Set<ThreadFacts>>();
  for (const { addresses } of wanted) for (const address of addresses) mentions.set(address, new Set());
  if (mentions.size === 0) return mentions;
  for (const thread of threads)
    for (const frame of thread.frames) for (const address of mentionedBy(frame)) mentions.get(address)?.add(thread);
  return mentions;
}

/** The only other thread whose outer frames mention the lock. */
function holderByMention(
  addresses: ReadonlySet<string>,
  members: readonly WantedLock[],
  mentions: Mentions,
): Holder | undefined {
  const waiters = new Set(members.map(({ thread }) => thread));
  const mentioning = new Set<ThreadFacts>();
  for (const address of addresses)
    for (const thread of mentions.get(address) ?? []) if (!waiters.has(thread)) mentioning.add(thread);
  const [only] = mentioning;
  if (only === undefined || mentioning.size > 1) return undefined;
  return { thread: only, inferred: true, why: 'no other stack knows of the lock' };
}

/**
 * Where only the object is known that has the lock ("aisle: <Aisle at 0x7f…>"): the only other thread waiting for a lock
 * that mentions it further out, in a call that it is still in.
 */
function holderByObject(members: readonly WantedLock[], objects: Mentions): Holder | undefined {
  const [member] = members;
  if (member === undefined || members.length > 1) return undefined;
  const holders = new Set<ThreadFacts>();
  for (const address of userFrames(member.thread).slice(0, 1).flatMap(mentionedBy))
    for (const thread of objects.get(address) ?? []) if (thread !== member.thread) holders.add(thread);
  const [only] = holders;
  if (only === undefined || holders.size > 1) return undefined;
  return { thread: only, inferred: true, why: 'it is inside a call that was given the same object' };
}

/** The threads waiting for a lock that mention each object further out than in their innermost own frame. */
function findObjects(wanted: readonly WantedLock[]): Mentions {
  const objects = new Map<string, Set<ThreadFacts>>();
  for (const { thread } of wanted) {
    for (const address of userFrames(thread).slice(1).flatMap(mentionedBy)) {
      const mentioning = objects.get(address);
      if (mentioning === undefined) objects.set(address, new Set([thread]));
      else mentioning.add(thread);
    }
  }
  return objects;
}

function userFrames({ frames }: ThreadFacts): ThreadFacts['frames'] {
  return frames.filter(({ frame }) => isUserCode(frame));
}

/** The only thread that waits for the GIL from native code. */
function gilWaiter(threads: readonly ThreadFacts[]): Holder | undefined {
  const fromNative = threads.filter(
    (thread) =>
      waitsForGil(thread) &&
      thread.frames.some(({ bare }) => bare === 'PyGILState_Ensure' || bare === 'PyEval_AcquireThread'),
  );
  const [only] = fromNative;
  if (only === undefined || fromNative.length > 1) return undefined;
  return { thread: only, inferred: true, why: 'it came from native code and waits for the GIL there' };
}

/**
 * A plain lock is let go by a thread that runs. Where exactly two locks are wanted, each wanted by threads that could not
 * hold it themselves, and no other thread of the process is at work, each lock is held among those that want the other.
 */
function inferByExclusion(locks: readonly Lock[], threads: readonly ThreadFacts[]): Lock[] {
  const [one, other] = locks;
  if (one === undefined || locks.length > 2 || locks.every(({ holder }) => holder !== undefined)) return [...locks];
  const waiting = new Set(locks.flatMap(({ wanted }) => wanted.map(({ thread }) => thread)));
  if (threads.some((thread) => !waiting.has(thread) && canHold(thread)) || [...waiting].some(isForked))
    return [...locks];
  if (other === undefined) return [threads.some(joinsFromUserCode) ? one : inferSelf(one)];
  const why = 'no other thread of the process could hold it';
  const held = (lock: Lock, by: ThreadFacts | undefined): Lock => ({
    ...lock,
    holder: lock.holder ?? (by === undefined ? undefined : { thread: by, inferred: true, why }),
  });
  return [held(one, oddOneOut(other.wanted)), held(other, oddOneOut(one.wanted))];
}

/** One thread alone, waiting for a lock that nobody else could hold: it holds that itself, or the holder has ended. */
function inferSelf(lock: Lock): Lock {
  const [only] = lock.wanted;
  // An excerpt does not show who else is there.
  const excerpt = only?.thread.cut === true || only?.thread.process.pid === undefined;
  if (only === undefined || excerpt || lock.wanted.length > 1 || only.thread.thread.wait?.timeout === 'some')
    return lock;
  return {
    ...lock,
    holder: { thread: only.thread, inferred: true, why: 'no other thread is left that could hold it' },
  };
}

/** A thread that waits for another to end may hold the lock that the other wants. */
function joinsFromUserCode({ thread }: ThreadFacts): boolean {
  return thread.wait?.kind === 'join' && thread.userFrame !== undefined;
}

/** A forked child may wait for a lock whose holder stayed in the parent. */
function isForked({ frames, process }: ThreadFacts): boolean {
  return process.parentPid !== undefined || frames.some(isForkFrame);
}

/** A thread that runs code of the program, neither resting nor only waiting for others to end, could hold a lock of it. */
function canHold({ thread, frames }: ThreadFacts): boolean {
  const runs = thread.userFrame !== undefined || (thread.view.interpreter && !thread.view.python);
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
