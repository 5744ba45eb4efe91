import type { Process } from '../model/process.ts';
import type { WaitEdge, WaitGraph, WaitNode, WaitRoot } from '../model/wait-graph.ts';
import { findCycles, reachable } from './cycles.ts';
import type { ThreadFacts } from './facts.ts';
import { readFileLocks } from './file-locks.ts';
import { possibleCopies } from './fork.ts';
import { notYetStopped, readGil, stopsTheWorld } from './gil.ts';
import { findHolders, type Lock } from './holders.ts';
import { isImporting, waitsForImport } from './imports.ts';
import { type Join, readJoins } from './joins.ts';
import { wantedLock } from './locks.ts';
import { readProcessWaits } from './processes.ts';
import { readResultWaits } from './results.ts';
import { findSharedHolders } from './shared-locks.ts';

/** Who waits for whom, in all processes: locks, the GIL, joins, children and pipes. */
export function buildWaitGraph(threads: readonly ThreadFacts[], processes: readonly Process[]): WaitGraph {
  const builder = new GraphBuilder();
  const byProcess = groupByProcess(threads);
  const copies = possibleCopies(processes);
  for (const ofProcess of byProcess.values()) {
    const joins = readJoins(ofProcess);
    addLocks(builder, ofProcess, { joins, copies });
    addGil(builder, ofProcess);
    addImports(builder, ofProcess);
    for (const { waiter, target, inferred, why } of joins) {
      builder.add({ from: builder.thread(waiter), to: builder.thread(target), kind: 'joins', inferred, why });
    }
  }
  addShared(builder, threads, processes);
  addFileLocks(builder, byProcess, processes);
  for (const ofProcess of byProcess.values()) addResults(builder, ofProcess);
  for (const { waiter, target, kind, inferred, why } of readProcessWaits(threads, processes)) {
    const main = mainThread(byProcess.get(target) ?? [], target);
    const to = main === undefined ? builder.process(target) : builder.thread(main);
    builder.add({ from: builder.thread(waiter), to, kind, inferred, why });
  }
  return builder.finish();
}

/** Names a thread in the graph; ids of threads repeat in other processes and on other hosts. */
export function threadNodeId({ thread, process }: ThreadFacts): string {
  return `thread ${thread.id} of ${processName(process)}`;
}

function processName({ pid, origin, place }: Process): string {
  const name = pid === undefined ? `${place.source}:${place.line}` : String(pid);
  return origin === undefined ? name : `${origin} ${name}`;
}

/** In the order of the threads. */
export function groupByProcess<Known extends ThreadFacts>(threads: readonly Known[]): Map<Process, Known[]> {
  const groups = new Map<Process, Known[]>();
  for (const thread of threads) {
    const group = groups.get(thread.process);
    if (group === undefined) groups.set(thread.process, [thread]);
    else group.push(thread);
  }
  return groups;
}

function addLocks(
  builder: GraphBuilder,
  threads: readonly ThreadFacts[],
  known: { joins: readonly Join[]; copies: ReadonlySet<Process> },
): void {
  const wanted = threads.flatMap((thread) => wantedLock(thread) ?? []).filter(({ shared }) => !shared);
  for (const lock of findHolders(wanted, threads, known)) addLock(builder, lock, threads[0]?.process);
}

function addShared(builder: GraphBuilder, threads: readonly ThreadFacts[], processes: readonly Process[]): void {
  const wanted = threads.flatMap((thread) => wantedLock(thread) ?? []).filter(({ shared }) => shared);
  for (const lock of findSharedHolders(wanted, processes)) addLock(builder, lock, undefined);
}

function addLock(builder: GraphBuilder, { id, label, wanted, holders }: Lock, process: Process | undefined): void {
  const node = builder.lock({ id, label }, process);
  for (const { thread } of wanted) {
    const why = thread.thread.wait?.says ?? '';
    builder.add({ from: builder.thread(thread), to: node, kind: 'wants', inferred: false, why });
  }
  for (const { thread, inferred, why } of holders)
    builder.add({ from: node, to: builder.thread(thread), kind: 'held-by', inferred, why });
}

function addFileLocks(
  builder: GraphBuilder,
  byProcess: ReadonlyMap<Process, readonly ThreadFacts[]>,
  processes: readonly Process[],
): void {
  for (const { id, label, waiters, holder } of readFileLocks(byProcess, processes)) {
    const node = builder.lock({ id, label }, undefined);
    for (const waiter of waiters) {
      const why = waiter.thread.wait?.says ?? '';
      builder.add({ from: builder.thread(waiter), to: node, kind: 'wants', inferred: false, why });
    }
    if (holder === undefined) continue;
    const { thread, process, inferred, why } = holder;
    const to = thread === undefined ? builder.process(process) : builder.thread(thread);
    builder.add({ from: node, to, kind: 'held-by', inferred, why });
  }
}

/**
 * Which of several workers runs the job is not told. Where each of them waits for the one that waits for the result, it does
 * not matter: no job ends.
 */
function addResults(builder: GraphBuilder, threads: readonly ThreadFacts[]): void {
  for (const { waiter, targets, why } of readResultWaits(threads)) {
    const from = builder.thread(waiter);
    const nodes = targets.map((target) => builder.thread(target));
    const next = builder.edgesByNode();
    if (nodes.length > 1 && !nodes.every((node) => reachable([node], next).has(from))) continue;
    for (const to of nodes) builder.add({ from, to, kind: 'awaits-result', inferred: true, why });
  }
}

function addGil(builder: GraphBuilder, threads: readonly ThreadFacts[]): void {
  const { holder, inferred, why, waiters } = readGil(threads);
  const stopper = holder !== undefined && stopsTheWorld(holder) ? holder : undefined;
  if (stopper !== undefined) addStop(builder, stopper, threads);
  if (waiters.length === 0) return;
  const node = builder.gil(threads[0]?.process, stopper === undefined ? 'the GIL' : 'the stopped interpreter');
  const standsIn = stopper === undefined ? 'stands in take_gil' : 'waits to be let run again';
  for (const waiter of waiters)
    builder.add({ from: builder.thread(waiter), to: node, kind: 'wants', inferred: false, why: standsIn });
  if (holder !== undefined) builder.add({ from: node, to: builder.thread(holder), kind: 'held-by', inferred, why });
}

/** Who asks all others to stop waits for the last that has not. */
function addStop(builder: GraphBuilder, stopper: ThreadFacts, threads: readonly ThreadFacts[]): void {
  const running = notYetStopped(threads);
  const [only] = running;
  if (only === undefined || running.length > 1) return;
  const node = builder.lock({ id: 'stop', label: 'the stop of all other threads' }, stopper.process);
  const why = 'it is the only thread that has neither stopped nor left the interpreter';
  builder.add({
    from: builder.thread(stopper),
    to: node,
    kind: 'wants',
    inferred: false,
    why: 'stands in stop_the_world',
  });
  builder.add({ from: node, to: builder.thread(only), kind: 'held-by', inferred: true, why });
}

/** The lock of a module that is being imported: held by the only other thread that is inside an import. */
function addImports(builder: GraphBuilder, threads: readonly ThreadFacts[]): void {
  const waiters = threads.filter(waitsForImport);
  if (waiters.length === 0) return;
  const node = builder.lock({ id: 'of a module', label: 'the lock of a module being imported' }, threads[0]?.process);
  for (const waiter of waiters) {
    builder.add({
      from: builder.thread(waiter),
      to: node,
      kind: 'wants',
      inferred: false,
      why: 'waits in the import system',
    });
  }
  const importing = threads.filter((thread) => !waiters.includes(thread) && isImporting(thread));
  const [only] = importing;
  if (only === undefined || importing.length > 1) return;
  builder.add({
    from: node,
    to: builder.thread(only),
    kind: 'held-by',
    inferred: true,
    why: 'no other thread imports',
  });
}

/** The thread whose kernel id is the pid, else the first. */
function mainThread(own: readonly ThreadFacts[], process: Process): ThreadFacts | undefined {
  return own.find(({ thread }) => thread.nativeId !== undefined && thread.nativeId === process.pid) ?? own[0];
}

/** Half of all threads may wait for one lock: copying the list for each would be quadratic. */
function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Collects nodes once each, in order of first mention. */
class GraphBuilder {
  readonly #nodes = new Map<string, WaitNode>();
  readonly #edges: WaitEdge[] = [];

  thread(facts: ThreadFacts): string {
    const { thread, process } = facts;
    const label =
      thread.name === undefined || thread.name === '' ? `thread ${thread.id}` : `${thread.name} (${thread.id})`;
    return this.#node({ id: threadNodeId(facts), kind: 'thread', label, pid: process.pid, threadId: thread.id });
  }

  /** The same address is another lock in another process. */
  lock({ id, label }: Pick<Lock, 'id' | 'label'>, process: Process | undefined): string {
    const owner = process === undefined ? '' : ` of ${processName(process)}`;
    return this.#node({ id: `lock ${id}${owner}`, kind: 'lock', label, pid: process?.pid, threadId: undefined });
  }

  gil(process: Process | undefined, label: string): string {
    const owner = process === undefined ? '' : ` of ${processName(process)}`;
    return this.#node({ id: `gil${owner}`, kind: 'gil', label, pid: process?.pid, threadId: undefined });
  }

  process(process: Process): string {
    const name = processName(process);
    return this.#node({
      id: `process ${name}`,
      kind: 'process',
      label: process.command ?? `process ${name}`,
      pid: process.pid,
      threadId: undefined,
    });
  }

  add(edge: WaitEdge): void {
    this.#edges.push(edge);
  }

  edgesByNode(): Map<string, string[]> {
    const next = new Map<string, string[]>();
    for (const { from, to } of this.#edges) append(next, from, to);
    return next;
  }

  finish(): WaitGraph {
    const next = new Map<string, string[]>();
    const back = new Map<string, string[]>();
    for (const { from, to } of this.#edges) {
      append(next, from, to);
      append(back, to, from);
    }
    const nodes = [...this.#nodes.keys()];
    const cycles = findCycles(nodes, next).map((cycle) => this.#threadFirst(cycle));
    return { nodes: [...this.#nodes.values()], edges: this.#edges, cycles, roots: this.#roots(cycles, next, back) };
  }

  /** Final blockers: cycles, and threads that wait for nobody here, with the threads behind them. */
  #roots(
    cycles: readonly (readonly string[])[],
    next: ReadonlyMap<string, readonly string[]>,
    back: ReadonlyMap<string, readonly string[]>,
  ): WaitRoot[] {
    const sinks = [...this.#nodes.values()]
      .filter(({ id, kind }) => (kind === 'thread' || kind === 'process') && !next.has(id) && back.has(id))
      .map(({ id }) => [id]);
    return [...cycles, ...sinks]
      .map((members) => {
        const own = new Set(members);
        const behind = [...reachable(members, back)].filter(
          (id) => this.#nodes.get(id)?.kind === 'thread' && !own.has(id),
        );
        return {
          nodes: members.filter((id) => this.#nodes.get(id)?.kind !== 'lock' && this.#nodes.get(id)?.kind !== 'gil'),
          behind: behind.length,
        };
      })
      .sort((one, other) => other.behind - one.behind);
  }

  #threadFirst(cycle: readonly string[]): string[] {
    const first = cycle.findIndex((id) => this.#nodes.get(id)?.kind === 'thread');
    return first <= 0 ? [...cycle] : [...cycle.slice(first), ...cycle.slice(0, first)];
  }

  #node(node: WaitNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }
}
