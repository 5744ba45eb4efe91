import { isUserCode } from '../frames/user-code.ts';
import type { Process } from '../model/process.ts';
import { mentionedBy } from './addresses.ts';
import { canHold, inferByExclusion } from './exclusion.ts';
import type { ThreadFacts } from './facts.ts';
import type { Join } from './joins.ts';
import { ownersNamed, readersOf, type WantedLock } from './locks.ts';
import { readGilRequest } from './native-waits.ts';

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
  /** Several where readers share it. */
  readonly holders: readonly Holder[];
}

export type HeldOnce = Omit<Lock, 'holders'> & { readonly holder: Holder | undefined };

/** Finds the holder of each lock that threads of one process want, as far as the dumps tell. */
export function findHolders(
  wanted: readonly WantedLock[],
  threads: readonly ThreadFacts[],
  { joins, copies }: { joins: readonly Join[]; copies: ReadonlySet<Process> },
): Lock[] {
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
  return inferByExclusion(locks, threads, copies).map(({ holder, ...lock }) => {
    const one = holder ?? holderByJoin(lock.wanted, joins, threads);
    return { ...lock, holders: one === undefined ? holdersByCount(lock.wanted) : [one] };
  });
}

interface Group {
  readonly id: string;
  readonly label: string;
  readonly members: WantedLock[];
}

/** Locks are the same when they share an address, or, without any, a name; without both each wait is for a lock of its own. */
function groupByLock(wanted: readonly WantedLock[]): Group[] {
  const byAddress = new Map<string, Group>();
  const groups: Group[] = [];
  for (const lock of wanted) {
    const keys = lock.addresses.length > 0 || lock.name === undefined ? lock.addresses : [lock.name];
    const known = keys.map((key) => byAddress.get(key)).find((group) => group !== undefined);
    const [address] = lock.addresses.slice(-1);
    const id = address ?? `wanted by ${lock.thread.thread.id}`;
    const group = known ?? {
      id,
      label: lock.label ?? (address === undefined ? 'a lock' : `lock ${address}`),
      members: [],
    };
    if (known === undefined) groups.push(group);
    group.members.push(lock);
    for (const key of keys) byAddress.set(key, group);
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
    for (const { nativeId, pthreadId, atWait } of ownersNamed(thread)) {
      const owner = byId.get(nativeId ?? pthreadId ?? '');
      if (owner === undefined || owners.has(thread)) continue;
      // Further out a thread may show locks that it holds, and does not wait for.
      if (owner !== thread || atWait) owners.set(thread, owner);
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

/** Where the lock counts as many readers as there are threads that want to write, each of them read first. */
function holdersByCount(members: readonly WantedLock[]): Holder[] {
  const readers = members.map(({ thread }) => readersOf(thread)).find((count) => count !== undefined);
  if (readers !== members.length || !members.every(({ writes }) => writes)) return [];
  const why = 'as many readers hold it as threads wait to write';
  return members.map(({ thread }) => ({ thread, inferred: true, why }));
}

/**
 * A thread that waits for the end of another one, inside of a call that was given the object which that one uses where it
 * waits for a lock. Anybody at work could hold the lock as well, and would let it go.
 */
function holderByJoin(
  members: readonly WantedLock[],
  joins: readonly Join[],
  threads: readonly ThreadFacts[],
): Holder | undefined {
  const [member] = members;
  if (member === undefined || members.length > 1 || member.kind !== 'python') return undefined;
  const waiter = member.thread;
  const join = joins.find(({ target }) => target === waiter);
  if (join === undefined || join.waiter === waiter) return undefined;
  if (threads.some((one) => one !== waiter && one !== join.waiter && canHold(one))) return undefined;
  const objects = new Set(userFrames(waiter).slice(0, 1).flatMap(mentionedBy));
  const isGiven = userFrames(join.waiter).some((frame) => mentionedBy(frame).some((address) => objects.has(address)));
  return isGiven
    ? {
        thread: join.waiter,
        inferred: true,
        why: 'it waits for this thread inside of a call that was given the same object',
      }
    : undefined;
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
  const fromNative = threads.filter((thread) => readGilRequest(thread) !== undefined);
  const [only] = fromNative;
  if (only === undefined || fromNative.length > 1) return undefined;
  return { thread: only, inferred: true, why: 'it came from native code and waits for the GIL there' };
}
