import { hostileInputs, type Pattern, readPattern, synthesize, synthesizeProcesses } from './bench/synthesis.ts';
import { STAGES, type Timing, timeStages } from './bench/timing.ts';

// Time of each stage on dumps of more and more threads: time per frame has to stay flat. With an argument, only the
// cases whose name holds it: `npm run bench -- py-spy`.

const HANGS = new URL('../fixtures/hangs/', import.meta.url);
const LOCKS = 'locks/abba-with-43-victims/dumps';
const SIZES = [10, 100, 1_000, 10_000];

const pyspy = readPattern(new URL(`${LOCKS}/pyspy.txt`, HANGS));
const gdb = readPattern(new URL(`${LOCKS}/gdb.txt`, HANGS));
const zmq = readPattern(new URL('zmq/context-finalized-by-collector-pyzmq27/dumps/gdb.txt', HANGS));

interface Case {
  readonly name: string;
  readonly inputs: () => readonly string[];
}

const CASES: readonly Case[] = [
  ...SIZES.flatMap((size) => sized('py-spy', [pyspy], size)),
  ...SIZES.flatMap((size) => sized('gdb', [gdb], size)),
  ...SIZES.flatMap((size) => sized('py-spy + gdb', [pyspy, gdb], size)),
  ...SIZES.flatMap((size) => sized('gdb of pyzmq', [zmq], size)),
  ...[10, 100, 1_000].map((count) => ({
    name: `py-spy, ${count.toLocaleString('en')} processes`,
    inputs: () => [synthesizeProcesses(pyspy, count, 4)],
  })),
  ...hostileInputs().map(([name, text]) => ({ name, inputs: () => [text] })),
];

function sized(name: string, patterns: readonly Pattern[], size: number): Case[] {
  const inputs = (): string[] => patterns.map((pattern) => synthesize(pattern, size));
  return [{ name: `${name}, ${size.toLocaleString('en')} threads`, inputs }];
}

const COLUMNS = ['total ms', 'µs/thread', 'µs/frame', ...STAGES.map((stage) => `${stage} ms`), 'read MB/s', 'verdict'];

function row({ stages, threads, frames, verdict }: Timing, bytes: number): string[] {
  const total = stages.reduce((sum, time) => sum + time, 0);
  const per = (count: number): string => (count === 0 ? '–' : ((total * 1000) / count).toFixed(1));
  const speed = bytes / 1000 / Math.max(stages[0] ?? 0, 0.001);
  return [
    total.toFixed(1),
    per(threads),
    per(frames),
    ...stages.map((time) => time.toFixed(1)),
    speed.toFixed(1),
    verdict,
  ];
}

function print(name: string, cells: readonly string[]): void {
  console.log(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(11)).join('')}`);
}

const wanted = process.argv[2] ?? '';
print('', COLUMNS);
for (const { name, inputs } of CASES) {
  if (!name.includes(wanted)) continue;
  const texts = inputs();
  print(
    name,
    row(
      timeStages(texts),
      texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    ),
  );
}
