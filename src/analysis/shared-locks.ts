import { isAt } from '../frames/places.ts';
import { isUserCode } from '../frames/user-code.ts';
import { makeProcess, type Process } from '../model/process.ts';
import { mentionedBy } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';
import type { Lock } from './holders.ts';
import type { WantedLock } from './locks.ts';

/**
 * Locks of multiprocessing, which processes share. A fork copies the objects, so that one address means one lock in the whole
 * family; what a child made itself is not compared, for only values that call themselves locks are.
 *
 * The holder is the only process that waits for another of these locks inside of a call that was given this one.
 */
export function findSharedHolders(wanted: readonly WantedLock[], processes: readonly Process[]): Lock[] {
  const families = familiesOf(processes);
  const groups = new Map<string, { object: string | undefined; id: string; members: WantedLock[] }>();
  for (const lock of wanted) {
    const object = lockObject(lock.thread);
    const { thread, process } = lock.thread;
    const id = object ?? lock.addresses.at(-1) ?? `wanted by ${thread.id} of ${process.pid}`;
    const key = `${id} ${families.get(process)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { object, id, members: [lock] });
    else group.members.push(lock);
  }
  const givenTo = wanted.map(({ thread }) => ({ thread, objects: given(thread) }));
  return [...groups.values()].map(({ object, id, members }) => {
    const family = families.get(members[0]?.thread.process ?? NOBODY);
    const holders = givenTo.filter(
      ({ thread, objects }) =>
        object !== undefined &&
        objects.has(object) &&
        families.get(thread.process) === family &&
        !members.some((member) => member.thread === thread),
    );
    const [only] = holders;
    const known = only !== undefined && holders.length === 1;
    return {
      id: `${id} shared`,
      label: object === undefined ? 'a lock shared between processes' : `shared lock ${object}`,
      wanted: members,
      holders: known
        ? [{ thread: only.thread, inferred: true, why: 'it waits inside of a call that was given this lock' }]
        : [],
    };
  });
}

const NOBODY = makeProcess({ threads: [], place: { source: '', line: 0 } });

/** The outermost known ancestor of each process; children whose parent no dump names are told by their command. */
function familiesOf(processes: readonly Process[]): Map<Process, number | string> {
  const parents = new Map(
    processes.flatMap(({ pid, parentPid }) => (pid === undefined ? [] : [[pid, parentPid] as const])),
  );
  const families = new Map<Process, number | string>();
  for (const process of processes) {
    let root: number | string | undefined = isOrphan(process) ? process.command : process.pid;
    // A dump may claim that two processes are each other's parents.
    for (let steps = 0, next = process.parentPid; next !== undefined && steps < MOST_GENERATIONS; steps += 1) {
      root = next;
      next = parents.get(next);
    }
    if (root !== undefined) families.set(process, root);
  }
  return families;
}

const MOST_GENERATIONS = 8;

/** A child that multiprocessing has forked, dumped without a word of its parent. */
function isOrphan({ parentPid, command, threads }: Process): boolean {
  return (
    parentPid === undefined &&
    command !== undefined &&
    threads.some(({ frames }) =>
      frames.some((frame) => isAt(frame, 'multiprocessing/popen_fork.py') && frame.function === '_launch'),
    )
  );
}

// "<Lock at 0x7f4386489a80>", "<multiprocessing.synchronize.RLock object at 0x…>", "<Lock(owner=SomeOtherProcess) at remote 0x…>"
const LOCK_OBJECT = /^<[\w.]*(?:Lock|Semaphore|Condition)\b[^>]* at (?:remote )?(0x[0-9a-f]+)>$/;

/** The lock's Python object: the one argument of `__enter__()` and `acquire()`, or what the caller's `with` names. */
function lockObject({ frames }: ThreadFacts): string | undefined {
  for (const { frame, plain } of frames) {
    if (frame.language !== 'python') continue;
    if (!/^(?:__enter__|acquire)$/.test(plain)) return undefined;
    const self = frame.arguments.find(({ name }) => name === 'self')?.value ?? '';
    return LOCK_OBJECT.exec(self)?.[1];
  }
  return undefined;
}

/** What a thread's own frames were given, further out than where it waits. */
function given({ frames }: ThreadFacts): Set<string> {
  const own = frames.filter(({ frame }) => isUserCode(frame)).slice(1);
  return new Set(own.flatMap(mentionedBy));
}
