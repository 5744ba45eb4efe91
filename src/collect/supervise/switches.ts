import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessEntry, quietly } from './process-table.ts';

/**
 * How often the threads of these processes were given a processor, and gave it back, up to now. A thread that is blocked
 * for good adds nothing; one that looks every now and then whether something has come adds a little, without any work.
 */
export function readSwitches(members: readonly ProcessEntry[]): number | undefined {
  const counts = members.flatMap(({ pid }) => threadsOf(pid).map((thread) => readCount(pid, thread)));
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

function threadsOf(pid: number): string[] {
  return quietly(() => readdirSync(`/proc/${pid}/task`)) ?? [];
}

// "voluntary_ctxt_switches:	1203" and "nonvoluntary_ctxt_switches:	17"
const SWITCHES = /^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm;

function readCount(pid: number, thread: string): number | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'));
  if (text === undefined) return undefined;
  return [...text.matchAll(SWITCHES)].reduce((sum, [, count]) => sum + Number(count), 0);
}
