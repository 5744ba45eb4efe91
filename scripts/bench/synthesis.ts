import { readFileSync } from 'node:fs';

/** A real dump taken apart, to be put together again with more threads. */
export interface Pattern {
  readonly head: string;
  /** One text a thread, its header first. */
  readonly threads: readonly string[];
  readonly tail: string;
}

/** How a tool announces a thread: py-spy's "Thread 1850 (idle)", gdb's "Thread 46 (Thread 0x7f… (LWP 1905)". */
const HEADER = /^(?=Thread \d+ \()/m;

/** Of each so many threads one has a stack like no other. */
const DISTINCT = 4;

export function readPattern(file: URL): Pattern {
  const [head = '', ...threads] = readFileSync(file, 'utf8').split(HEADER);
  const last = threads.pop() ?? '';
  const end = last.search(/^\[Inferior/m);
  const at = end < 0 ? last.length : end;
  // In one order for all tools: gdb lists the newest thread first.
  const sorted = [...threads, last.slice(0, at)].sort((one, other) => kernelId(one) - kernelId(other));
  return { head, threads: sorted, tail: last.slice(at) };
}

function kernelId(thread: string): number {
  return Number(/^Thread (?:\d+ \(.*\(LWP )?(\d+)/.exec(thread)?.[1] ?? 0);
}

/** The pattern's threads over and over, each time with ids and addresses of their own. */
export function synthesize({ head, threads, tail }: Pattern, count: number): string {
  const parts = [head];
  for (let index = 0; index < count; index += 1) {
    const copy = Math.floor(index / threads.length);
    const thread = renumber(threads[index % threads.length] ?? '', copy);
    parts.push(index % DISTINCT === DISTINCT - 1 ? makeDistinct(thread, index) : thread);
  }
  return parts.concat(tail).join('');
}

/** Many small processes: py-spy's text with different pids. */
export function synthesizeProcesses({ head, threads }: Pattern, processes: number, threadsEach: number): string {
  const parts: string[] = [];
  for (let copy = 0; copy < processes; copy += 1) {
    parts.push(renumber(head, copy));
    for (const thread of threads.slice(0, threadsEach)) parts.push(renumber(thread, copy));
    parts.push('\n');
  }
  return parts.join('');
}

/** Ids and addresses stay the same in dumps of other tools that are repeated alike; locks are shared within a copy. */
function renumber(text: string, copy: number): string {
  if (copy === 0) return text;
  return text
    .replace(/^(Process )(\d+)/, (_, word: string, id: string) => `${word}${Number(id) + copy * 100_000}`)
    .replace(/^(Thread )(\d+)/, (_, word: string, id: string) => `${word}${Number(id) + copy * 100_000}`)
    .replace(/^(.*\(LWP )(\d+)/, (_, word: string, id: string) => `${word}${Number(id) + copy * 100_000}`)
    .replace(
      /0x[0-9a-f]{12,16}\b/g,
      (address) => `0x${(BigInt(address) + BigInt(copy) * 0x10_0000_0000n).toString(16)}`,
    );
}

/** Another name for one function in the middle of the stack. */
function makeDistinct(thread: string, index: number): string {
  return thread.replace(/^(#5 .*? in \w+|\n? {4}(?!.*threading)\w+)/m, (name) => `${name}_${index}`);
}

export function hostileInputs(): readonly (readonly [string, string])[] {
  const megabyte = 1_000_000;
  return [
    ['1 MB of ((((', '('.repeat(megabyte)],
    ['1 MB of lines [', '[\n'.repeat(megabyte / 2)],
    ['60 kB of lines {}', '{}\n'.repeat(20_000)],
    ['1 MB in a line', 'lorem ipsum dolor '.repeat(megabyte / 18)],
    ['gdb frame of ((((', `Thread 1 (LWP 7):\n#0  0x00007f04c891a26f in f (a=${'('.repeat(megabyte)}\n`],
    ['200,000 frames', `Thread 7 (idle): "MainThread"\n${'    fib (fib.py:3)\n'.repeat(200_000)}`],
  ];
}
