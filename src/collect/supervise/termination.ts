import type { ProcessEntry } from './process-table.ts';
import { identityOf, isZombie, type ProcessTree } from './process-tree.ts';

export interface EndOptions {
  /** Between the signal that asks and the one that does not. */
  readonly graceSeconds: number;
  /** Aborted: no more grace. */
  readonly hurry: AbortSignal;
}

export interface Ended {
  readonly asked: number;
  /** Had to be killed. */
  readonly killed: readonly ProcessEntry[];
  /** Are still there. */
  readonly left: readonly ProcessEntry[];
}

const LOOK_EVERY_MILLISECONDS = 50;
/** A process that is deep in the kernel ends when it comes out; not all do. */
const KILL_LIMIT_SECONDS = 5;

/**
 * Ends all processes of a tree: asks parents before children, so that none starts another in place of one that ended,
 * asks also those that come up meanwhile, and kills what is left. Zombies have ended; only their parents can remove them.
 */
export async function endTree(tree: ProcessTree, { graceSeconds, hurry }: EndOptions): Promise<Ended> {
  const asked = new Set<string>();
  const ask = (entry: ProcessEntry): void => {
    if (asked.has(identityOf(entry))) return;
    asked.add(identityOf(entry));
    send(entry, 'SIGTERM');
    // One that is stopped hears of it only when it goes on.
    send(entry, 'SIGCONT');
  };
  const left = await repeat(tree, ask, { seconds: graceSeconds, hurry });
  if (left.length === 0) return { asked: asked.size, killed: [], left };

  const killed = new Map<string, ProcessEntry>();
  const kill = (entry: ProcessEntry): void => {
    killed.set(identityOf(entry), entry);
    send(entry, 'SIGKILL');
  };
  const still = await repeat(tree, kill, { seconds: KILL_LIMIT_SECONDS, hurry: undefined });
  return { asked: asked.size, killed: [...killed.values()], left: still };
}

/** Does something to all members that live, again and again until there are none; returns those left at the end. */
async function repeat(
  tree: ProcessTree,
  act: (entry: ProcessEntry) => void,
  { seconds, hurry }: { seconds: number; hurry: AbortSignal | undefined },
): Promise<readonly ProcessEntry[]> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const living = tree.look().filter((entry) => !isZombie(entry));
    if (living.length === 0) return living;
    if (performance.now() > end || hurry?.aborted === true) return living;
    for (const entry of living) act(entry);
    await pause(LOOK_EVERY_MILLISECONDS);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function send({ pid }: ProcessEntry, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or belongs to somebody else: then it is found again, and told of at the end.
  }
}
