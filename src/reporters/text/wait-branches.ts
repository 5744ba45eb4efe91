import type { WaitEdge, WaitGraph } from '../../model/wait-graph.ts';
import type { WaitView } from '../_shared/wait-view.ts';

/** Threads that wait in the same way at the same line, and those that wait for them in turn. */
export interface Branch {
  readonly kind: WaitEdge['kind'];
  readonly lock: string | undefined;
  readonly waiters: readonly string[];
  readonly behind: readonly Branch[];
}

/** What others wait for in the end, and who. */
export interface WaitTree {
  readonly kind: 'cycle' | 'root' | 'lock';
  /** The threads of the cycle, the thread or process at the root, or the lock that nobody is known to hold. */
  readonly members: readonly string[];
  /** All nodes of the cycle, else none. */
  readonly cycle: ReadonlySet<string>;
  readonly behind: readonly Branch[];
  /** Between the nodes of the tree. */
  readonly edges: readonly WaitEdge[];
}

/** Deadlocks and final blockers, most waited for first, then locks whose holder is not known and that several want. */
export function growTrees(graph: WaitGraph, view: WaitView): WaitTree[] {
  const rooted = graph.roots.map(({ nodes }) => {
    const cycle = graph.cycles.find((one) => nodes.every((id) => one.includes(id)));
    return growTree(cycle === undefined ? 'root' : 'cycle', nodes, new Set(cycle), graph, view);
  });
  const unheld = graph.nodes
    .filter(({ id, kind }) => (kind === 'lock' || kind === 'gil') && view.edgesFrom(id).length === 0)
    .map(({ id }) => growTree('lock', [id], new Set(), graph, view))
    .filter(({ behind }) => countOf(behind) > 1);
  return [...rooted, ...unheld];
}

function growTree(
  kind: WaitTree['kind'],
  members: readonly string[],
  cycle: ReadonlySet<string>,
  { edges }: WaitGraph,
  view: WaitView,
): WaitTree {
  const seen = new Set([...members, ...cycle]);
  const behind = growBranches(members, view, seen, DEEPEST);
  return { kind, members, cycle, behind, edges: edges.filter(({ from, to }) => seen.has(from) && seen.has(to)) };
}

/** Longer chains are cut: nobody reads so far, and hostile ones would exhaust the call stack. */
const DEEPEST = 20;

/** @param seen grows by what is found, so that each thread stands once in a tree */
function growBranches(targets: readonly string[], view: WaitView, seen: Set<string>, depth: number): Branch[] {
  if (depth === 0) return [];
  const groups = new Map<string, { kind: WaitEdge['kind']; lock: string | undefined; waiters: string[] }>();
  for (const target of targets) {
    for (const { id, kind, lock } of view.waitersOf(target)) {
      if (lock !== undefined) seen.add(lock);
      if (seen.has(id)) continue;
      seen.add(id);
      const key = [kind, lock ?? target, view.place(id)].join('\n');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { kind, lock, waiters: [id] });
      else group.waiters.push(id);
    }
  }
  return [...groups.values()].map((group) => ({
    ...group,
    behind: growBranches(group.waiters, view, seen, depth - 1),
  }));
}

function countOf(branches: readonly Branch[]): number {
  return branches.reduce((sum, { waiters, behind }) => sum + waiters.length + countOf(behind), 0);
}
