import type { Role } from '../model/thread.ts';
import type { WaitGraph } from '../model/wait-graph.ts';
import { isAtWork } from './at-work.ts';
import type { ThreadFacts } from './facts.ts';
import { OWN_WORKER } from './idle-shapes.ts';
import { threadNodeId } from './wait-graph.ts';

/** Tells the parts that threads play in a wait-for graph. */
export class RoleReader {
  readonly #roots: ReadonlySet<string>;
  readonly #waiting: ReadonlySet<string>;

  constructor({ roots, edges }: WaitGraph) {
    this.#roots = new Set(roots.flatMap(({ nodes }) => nodes));
    this.#waiting = new Set(edges.map(({ from }) => from));
  }

  roleOf(facts: ThreadFacts): Role | undefined {
    const { thread } = facts;
    if (thread.frames.length === 0) return undefined;
    const node = threadNodeId(facts);
    const isRoot = this.#roots.has(node);
    if (thread.idleAs !== undefined && !(isRoot && thread.idleAs === OWN_WORKER)) return 'idle';
    if (isRoot) return 'blocker';
    if (this.#waiting.has(node)) return 'victim';
    return isAtWork(facts) ? 'working' : 'waiting';
  }
}
