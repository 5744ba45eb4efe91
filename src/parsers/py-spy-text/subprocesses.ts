import type { Thread } from '../../model/thread.ts';

/** A process as printed, before threads that were printed under the wrong one are given back. */
export interface Block {
  readonly pid: number | undefined;
  command: string | undefined;
  parentPid: number | undefined;
  pythonVersion: string | undefined;
  executable: string | undefined;
  threads: Thread[];
  readonly line: number;
}

/**
 * py-spy 0.3.12 to 0.4.1 prints all children again after each thread of the parent, and the parent's next thread follows
 * the last child without a header (the loop over children sat inside the loop over threads of src/dump.rs). So the true
 * threads of a child are those common to all its blocks; the others are the parent's.
 */
export function repairSubprocesses(blocks: readonly Block[]): Block[] {
  return families(blocks).flatMap(repairFamily);
}

/** A process without a parent line begins a family: what one run of py-spy printed. */
function families(blocks: readonly Block[]): Block[][] {
  const all: Block[][] = [];
  for (const block of blocks) {
    if (block.parentPid === undefined || all.length === 0) all.push([block]);
    else all.at(-1)?.push(block);
  }
  return all;
}

function repairFamily([parent, ...children]: Block[]): Block[] {
  if (parent === undefined) return [];
  const byPid = groupByPid(children);
  const repeats = [...byPid.values()].some((same) => same.length > 1);
  if (!repeats) return [parent, ...children];
  const repaired = [...byPid.values()].map((same) => repairChild(same, parent));
  parent.threads = uniqueById(parent.threads);
  return [parent, ...repaired];
}

function groupByPid(blocks: readonly Block[]): Map<number | undefined, Block[]> {
  const byPid = new Map<number | undefined, Block[]>();
  for (const block of blocks) byPid.set(block.pid, [...(byPid.get(block.pid) ?? []), block]);
  return byPid;
}

function repairChild(blocks: readonly Block[], parent: Block): Block {
  const counts = new Map<string, number>();
  for (const { threads } of blocks) for (const { id } of threads) counts.set(id, (counts.get(id) ?? 0) + 1);
  const own: Thread[] = [];
  for (const thread of blocks.flatMap(({ threads }) => threads)) {
    (counts.get(thread.id) === blocks.length ? own : parent.threads).push(thread);
  }
  const [first] = blocks;
  return { ...(first ?? parent), threads: uniqueById(own) };
}

function uniqueById(threads: readonly Thread[]): Thread[] {
  return [...new Map(threads.map((thread) => [thread.id, thread])).values()];
}
