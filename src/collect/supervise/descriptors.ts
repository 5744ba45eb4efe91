import { readdirSync, readlinkSync } from 'node:fs';
import { quietly } from './process-table.ts';

/** Larger numbers are nobody's convention; a shell's `<(…)` has 63 and below, make's job server 3 and 4. */
const HIGHEST = 255;

/**
 * What a command is to get as its descriptors: the first three as they are, and those above that whoever started this
 * program meant for it, such as `/dev/fd/63` of a shell's `<(…)`. Node closes them on exec unless they are named; its own
 * are told from them by the parent, which holds the same file under the same number.
 */
export function inheritedDescriptors(): ('inherit' | 'ignore' | number)[] {
  const numbers = (quietly(() => readdirSync('/proc/self/fd')) ?? [])
    .map(Number)
    .filter((number) => number > 2 && number <= HIGHEST && isGiven(number));
  const stdio: ('inherit' | 'ignore' | number)[] = ['inherit', 'inherit', 'inherit'];
  for (const number of numbers) {
    while (stdio.length < number) stdio.push('ignore');
    stdio[number] = number;
  }
  return stdio;
}

function isGiven(number: number): boolean {
  const own = quietly(() => readlinkSync(`/proc/self/fd/${number}`));
  if (own === undefined || own.startsWith('anon_inode:')) return false;
  return own === quietly(() => readlinkSync(`/proc/${process.ppid}/fd/${number}`));
}
