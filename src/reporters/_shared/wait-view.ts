import { isUserCode } from '../../frames/user-code.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Thread } from '../../model/thread.ts';
import type { WaitEdge, WaitNode } from '../../model/wait-graph.ts';
import { listThreads, nameFunction, nameThread, placeOf } from './names.ts';

/** One that waits: directly for a thread or a process, or for what that holds. */
export interface Waiter {
  readonly id: string;
  readonly kind: WaitEdge['kind'];
  /** The lock or GIL between the two. */
  readonly lock: string | undefined;
}

/** The wait-for graph with its threads found again, for reporters that draw it. */
export class WaitView {
  readonly #nodes: ReadonlyMap<string, WaitNode>;
  readonly #threads: ReadonlyMap<string, Thread>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #into = new Map<string, WaitEdge[]>();
  readonly #outOf = new Map<string, WaitEdge[]>();
  readonly #manyProcesses: boolean;

  constructor({ waits, capture }: Diagnosis) {
    this.#nodes = new Map(waits.nodes.map((node) => [node.id, node]));
    this.#threads = findThreads(waits.nodes, capture);
    this.#names = nameLocks(waits.nodes);
    this.#manyProcesses = capture.processes.length > 1;
    for (const edge of waits.edges) {
      push(this.#into, edge.to, edge);
      push(this.#outOf, edge.from, edge);
    }
  }

  node(id: string): WaitNode | undefined {
    return this.#nodes.get(id);
  }

  thread(id: string): Thread | undefined {
    return this.#threads.get(id);
  }

  edgesFrom(id: string): readonly WaitEdge[] {
    return this.#outOf.get(id) ?? [];
  }

  edgesTo(id: string): readonly WaitEdge[] {
    return this.#into.get(id) ?? [];
  }

  /** Who waits for the node, or for a lock that it holds. */
  waitersOf(id: string): Waiter[] {
    return this.edgesTo(id).flatMap(({ from, kind }): Waiter[] => {
      if (kind !== 'held-by') return [{ id: from, kind, lock: this.#isLock(id) ? id : undefined }];
      return this.edgesTo(from).map((edge) => ({ id: edge.from, kind: edge.kind, lock: from }));
    });
  }

  /** "transfer-1 (811)", "MainThread (12) of process 10", "lock 0x7f96a8491680", "lock A" */
  name(id: string): string {
    const node = this.#nodes.get(id);
    const thread = this.#threads.get(id);
    if (thread === undefined || node === undefined) return this.#names.get(id) ?? node?.label ?? id;
    const name = nameThread(thread);
    const known = node.pid === undefined || name.includes(`(${node.pid})`);
    return this.#manyProcesses && !known ? `${name} of process ${node.pid}` : name;
  }

  /** "transfer-1 (811)", "43 threads (http-worker-1, http-worker-2 … http-worker-43)" */
  nameAll(ids: readonly string[]): string {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return this.name(only);
    const threads = ids.map((id) => this.thread(id) ?? { id: '', name: this.name(id), nativeId: undefined });
    return listThreads(threads.sort((one, other) => BY_NUMBER.compare(one.name ?? one.id, other.name ?? other.id)));
  }

  /** "bank/transfer.py:51 move": the user's line, or else where the thread stands; empty where nothing is known. */
  place(id: string): string {
    const thread = this.#threads.get(id);
    if (thread === undefined) return '';
    const { frames, userFrame } = thread;
    const frame = (userFrame === undefined ? frames.find(isUserCode) : frames[userFrame]) ?? undefined;
    return frame === undefined ? '' : `${placeOf(frame)} ${nameFunction(frame)}`.trim();
  }

  #isLock(id: string): boolean {
    const kind = this.#nodes.get(id)?.kind;
    return kind === 'lock' || kind === 'gil';
  }
}

/** Thread-2 before Thread-10. */
const BY_NUMBER = new Intl.Collator('en', { numeric: true });

/** Ids of threads repeat in other processes, and those of processes on other hosts: then the node's id names the host. */
function findThreads(nodes: readonly WaitNode[], { processes }: Diagnosis['capture']): Map<string, Thread> {
  const byKey = new Map<string, { thread: Thread; origin: string | undefined }[]>();
  for (const { pid, origin, threads } of processes)
    for (const thread of threads) push(byKey, `${pid} ${thread.id}`, { thread, origin });
  return new Map(
    nodes.flatMap(({ id, kind, pid, threadId }): [string, Thread][] => {
      if (kind !== 'thread') return [];
      const all = byKey.get(`${pid} ${threadId}`) ?? [];
      const fitting = all.length < 2 ? all : all.filter(({ origin }) => origin !== undefined && id.includes(origin));
      const [only] = fitting;
      return only === undefined || fitting.length > 1 ? [] : [[id, only.thread]];
    }),
  );
}

/** Locks without a name are told apart by letters, so that "holds lock A, wants lock B" can be read. */
function nameLocks(nodes: readonly WaitNode[]): Map<string, string> {
  const unnamed = nodes.filter(({ kind, label }) => kind === 'lock' && label === 'a lock');
  if (unnamed.length < 2) return new Map();
  return new Map(unnamed.map(({ id }, index) => [id, `lock ${letterOf(index)}`]));
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `no. ${index + 1}`;
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
