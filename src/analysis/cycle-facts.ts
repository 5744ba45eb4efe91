import type { WaitEdge } from '../model/wait-graph.ts';
import type { Facts, ThreadFacts } from './facts.ts';
import { threadNodeId } from './wait-graph.ts';

/** A cycle of the wait-for graph with what rules need to know of it. */
export interface Cycle {
  /** In the order of the cycle: each waits, perhaps over a lock, for the next. */
  readonly threads: readonly ThreadFacts[];
  readonly edges: readonly WaitEdge[];
  /** Whether at least one edge was concluded, not read. */
  readonly inferred: boolean;
  readonly overGil: boolean;
}

export function cyclesOf({ waits, threads }: Facts): Cycle[] {
  if (waits.cycles.length === 0) return [];
  const byNode = new Map(threads.map((thread) => [threadNodeId(thread), thread]));
  const cycles = waits.cycles.map((nodes) => {
    const members = new Set(nodes);
    const edges = waits.edges.filter(({ from, to }) => members.has(from) && members.has(to));
    return {
      threads: nodes.flatMap((node) => byNode.get(node) ?? []),
      edges,
      inferred: edges.some(({ inferred }) => inferred),
      overGil: nodes.some((node) => node.startsWith('gil')),
    };
  });
  // Tools look one after the other: what they saw of threads that go on need not have been true at one time.
  return cycles.filter((cycle) => cycle.threads.every(({ thread }) => thread.progress !== 'moving'));
}
