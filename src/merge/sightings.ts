import type { Dump } from '../model/dump.ts';
import type { Process } from '../model/process.ts';

/** One process as one dump shows it. */
export interface Sighting {
  readonly process: Process;
  readonly tool: string;
  /** Dumps of one eye show the same kinds of things, so that a repeated one is another moment. */
  readonly eye: string;
}

export function toSightings(dumps: readonly Dump[]): Sighting[] {
  return dumps.flatMap(({ processes, tool, format }) =>
    processes.map((process) => ({ process, tool, eye: `${format} ${viewOf(process)}` })),
  );
}

function viewOf({ threads }: Process): string {
  const shows = (what: 'python' | 'native'): string => (threads.some(({ view }) => view[what]) ? what : '');
  return `${shows('python')}+${shows('native')}`;
}

/** Sorts sightings into real processes. Order of processes and of sightings is that of the input. */
export function groupByProcess(sightings: readonly Sighting[]): Sighting[][] {
  const groups: Group[] = [];
  const byKey = new Map<string, Group>();
  for (const sighting of sightings) {
    const keys = keysOf(sighting.process);
    const named = keys
      .map((key) => byKey.get(key))
      .find((known) => known !== undefined && !contradicts(known, sighting));
    const group = named ?? guessGroup(groups, sighting) ?? newGroup(groups);
    addMember(group, sighting);
    for (const key of keys) if (!byKey.has(key)) byKey.set(key, group);
  }
  return groups.map(({ members }) => members);
}

interface Group {
  readonly members: Sighting[];
  /** What is known of all members, kept up so that a thousand processes need not be gone through for each other one. */
  readonly origins: Set<string | undefined>;
  readonly pids: Set<number>;
  /** Kernel ids of threads. */
  readonly ids: Set<number>;
}

function addMember({ members, origins, pids, ids }: Group, sighting: Sighting): void {
  const { pid, origin, threads } = sighting.process;
  members.push(sighting);
  origins.add(origin);
  if (pid !== undefined) pids.add(pid);
  for (const { nativeId } of threads) if (nativeId !== undefined) ids.add(nativeId);
}

/**
 * Ids repeat: a forked child has its parent's pthread ids, in containers every service is pid 1, and excerpts carry made-up numbers. Where no pid says that two dumps of
 * one tool show one process, and none of their common threads begins in the same function, they are two.
 */
function contradicts({ members, pids }: Group, { process, eye }: Sighting): boolean {
  if (process.pid !== undefined && pids.size > 0) return !pids.has(process.pid);
  const same = members.filter((member) => member.eye === eye);
  if (process.pid !== undefined || same.length === 0 || same.some((member) => member.process.pid !== undefined))
    return false;
  const roots = new Map(process.threads.map((thread) => [thread.id, rootOf(thread)]));
  const common = same.flatMap((member) => member.process.threads).filter(({ id }) => roots.has(id));
  return common.length > 0 && common.every((thread) => roots.get(thread.id) !== rootOf(thread));
}

function rootOf({ frames }: Process['threads'][number]): string | undefined {
  const root = frames.at(-1);
  return root === undefined ? undefined : `${root.function} ${root.file ?? root.module}`;
}

function newGroup(groups: Group[]): Group {
  const group: Group = { members: [], origins: new Set(), pids: new Set(), ids: new Set() };
  groups.push(group);
  return group;
}

/** What names a process: its pid, and the ids of its threads; a main thread's id is the pid. */
function keysOf({ pid, origin, threads }: Process): string[] {
  const scope = origin ?? '';
  if (pid !== undefined) {
    const own = `${scope} task ${pid}`;
    // Thread ids of a process with a known pid only add ways in for dumps without one.
    return [own, ...threadKeys(threads, scope)];
  }
  return threadKeys(threads, scope);
}

function threadKeys(threads: Process['threads'], scope: string): string[] {
  return threads.flatMap(({ nativeId, pthreadId }) => [
    ...(nativeId === undefined ? [] : [`${scope} task ${nativeId}`]),
    // A forked child keeps the address space, and so the pthread ids: only believed where no kernel id is known.
    ...(pthreadId === undefined || nativeId !== undefined ? [] : [`${scope} pthread ${pthreadId}`]),
  ]);
}

/**
 * A dump that shares no id with another (a bare `bt`, or ids of two kinds) belongs to the only process there is, when
 * another tool saw that; two bare dumps of one tool belong together when their stacks are alike.
 */
function guessGroup(groups: readonly Group[], { process, eye }: Sighting): Group | undefined {
  const own = process.threads.flatMap(({ nativeId }) => nativeId ?? []);
  let only: Group | undefined;
  for (const group of groups) {
    if (!group.origins.has(process.origin) || !compatible(group, process.pid, own)) continue;
    if (only !== undefined) return undefined;
    only = group;
  }
  if (only === undefined) return undefined;
  const sameEye = only.members.filter((member) => member.eye === eye);
  if (sameEye.length === 0) return only;
  return sameEye.some((member) => alike(member.process, process)) ? only : undefined;
}

/** A pid on one side only can still be the same process; two different pids cannot. */
function compatible({ pids, ids }: Group, pid: number | undefined, own: readonly number[]): boolean {
  if (pid !== undefined && pids.size > 0) return false;
  // Both sides know kernel ids, and none is common: two processes.
  return own.length === 0 || ids.size === 0 || own.some((id) => ids.has(id));
}

function alike(one: Process, other: Process): boolean {
  if (one.threads.some(({ id }) => id !== '') || other.threads.some(({ id }) => id !== '')) return false;
  const names = new Set(one.threads.flatMap(({ frames }) => frames.map((frame) => frame.function)));
  const others = other.threads.flatMap(({ frames }) => frames.map((frame) => frame.function));
  return others.length > 0 && others.filter((name) => names.has(name)).length * 2 >= others.length;
}
