/** Something that can wait or be waited for. */
export interface WaitNode {
  /** Unique in the graph: `thread 812 of 800`, `lock 0x7f96a8491680`, `gil of 800`, `process 801`. */
  readonly id: string;
  readonly kind: 'thread' | 'lock' | 'gil' | 'process';
  /** For people: `settle-savings (812)`, `lock 0x7f…1680`. */
  readonly label: string;
  readonly pid: number | undefined;
  /** The thread's id, where the node is a thread. */
  readonly threadId: string | undefined;
}

/** One node waits for another: a thread for a lock, a lock for the thread that holds it. */
export interface WaitEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'wants' | 'held-by' | 'joins' | 'awaits-child' | 'awaits-peer' | 'awaits-result';
  /** Whether it was concluded rather than read. */
  readonly inferred: boolean;
  /** How it is known: "read from __owner", "no other thread could hold it". */
  readonly why: string;
}

/** Who waits for whom, in all processes of the capture. */
export interface WaitGraph {
  readonly nodes: readonly WaitNode[];
  readonly edges: readonly WaitEdge[];
  /** Cycles as node ids, each beginning with a thread; a deadlock is one of these. */
  readonly cycles: readonly (readonly string[])[];
  /** What others wait for without waiting for anybody in the capture itself, and how many stand behind it. Most first. */
  readonly roots: readonly WaitRoot[];
}

export interface WaitRoot {
  /** Ids of threads: one, or the members of a cycle. */
  readonly nodes: readonly string[];
  readonly behind: number;
}
