import { readFileSync } from 'node:fs';
import { type ProcessEntry, quietly, readProcessTable } from './process-table.ts';

export interface ProcessTree {
  /** All processes of the tree that are there now, zombies too; each stands behind its parent. */
  look(): readonly ProcessEntry[];
}

export interface TreeOptions {
  readonly rootPid: number;
  /** Name of a variable that only the environment of this tree holds; `undefined` where nobody could set one. */
  readonly marker: string | undefined;
  readonly readTable?: () => readonly ProcessEntry[];
  readonly readEnvironment?: (pid: number) => string | undefined;
}

/**
 * Follows all processes that come from one: children, and those that left it. A daemon forks twice and is a child of
 * process 1 then, so that four things tell: the parent, the session, the process group, and a mark in the environment.
 * What was seen once as a member stays one.
 */
export function followTree({
  rootPid,
  marker,
  readTable = readProcessTable,
  readEnvironment = readEnvironmentOf,
}: TreeOptions): ProcessTree {
  let members = new Map<string, ProcessEntry>();
  /** Later the number of the first process may be another one's. */
  let hasBegun = false;
  /** Whose environment was read already: it does not change once the program runs. */
  let strangers = new Set<string>();

  const isMarked = (entry: ProcessEntry): boolean => {
    if (marker === undefined || strangers.has(identityOf(entry))) return false;
    return holdsVariable(readEnvironment(entry.pid) ?? '', marker);
  };

  const look = (): readonly ProcessEntry[] => {
    const table = readTable();
    const self = table.find(({ pid }) => pid === process.pid);
    const [groups, sessions] = familiesOf([...members.values()], self);
    const found = new Map<number, ProcessEntry>();
    const undecided = table.filter((entry) => {
      if (entry.pid === process.pid) return false;
      const known =
        members.has(identityOf(entry)) ||
        (entry.pid === rootPid && !hasBegun) ||
        groups.has(entry.groupId) ||
        sessions.has(entry.sessionId) ||
        isMarked(entry);
      if (known) found.set(entry.pid, entry);
      return !known;
    });
    addDescendants(found, undecided);
    hasBegun ||= found.size > 0;
    members = new Map([...found.values()].map((entry) => [identityOf(entry), entry]));
    strangers = new Set(undecided.filter(({ pid }) => !found.has(pid)).map(identityOf));
    return parentsFirst([...found.values()]);
  };
  return { look };
}

export const isZombie = ({ state }: ProcessEntry): boolean => state === 'Z' || state === 'X';

export const identityOf = ({ pid, startTime }: ProcessEntry): string => `${pid} ${startTime}`;

/** Groups and sessions that members made for themselves; those they share with this program hold others, too. */
function familiesOf(members: readonly ProcessEntry[], self: ProcessEntry | undefined): [Set<number>, Set<number>] {
  const groups = new Set(members.map(({ groupId }) => groupId));
  const sessions = new Set(members.map(({ sessionId }) => sessionId));
  groups.delete(self?.groupId ?? 0);
  sessions.delete(self?.sessionId ?? 0);
  for (const family of [groups, sessions]) family.delete(0);
  return [groups, sessions];
}

function addDescendants(found: Map<number, ProcessEntry>, others: readonly ProcessEntry[]): void {
  const children = childrenOf(others);
  const queue = [...found.keys()];
  for (const pid of queue) {
    for (const child of children.get(pid) ?? []) {
      if (found.has(child.pid)) continue;
      found.set(child.pid, child);
      queue.push(child.pid);
    }
  }
}

/** Older parents before their children, so that what starts children again is ended before them. */
function parentsFirst(entries: readonly ProcessEntry[]): ProcessEntry[] {
  const pids = new Set(entries.map(({ pid }) => pid));
  const ordered = entries.filter(({ parentPid }) => !pids.has(parentPid));
  const children = childrenOf(entries);
  for (const { pid } of ordered) ordered.push(...(children.get(pid) ?? []));
  return ordered;
}

function childrenOf(entries: readonly ProcessEntry[]): ReadonlyMap<number, readonly ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.parentPid);
    if (siblings === undefined) children.set(entry.parentPid, [entry]);
    else siblings.push(entry);
  }
  return children;
}

/** The environment as a program was started with: `NAME=value` parts, each with a NUL at its end. */
function readEnvironmentOf(pid: number): string | undefined {
  return quietly(() => readFileSync(`/proc/${pid}/environ`, 'latin1'));
}

function holdsVariable(environment: string, name: string): boolean {
  return environment.startsWith(`${name}=`) || environment.includes(`\0${name}=`);
}
