import type { Command } from 'commander';
import { hasProc, type ProcessEntry, readEntry } from '../collect/supervise/process-table.ts';
import { followTree, isZombie } from '../collect/supervise/process-tree.ts';
import { type Sight, type Watch, watchProcess } from '../collect/supervise/watch.ts';
import { clean } from '../reporters/_shared/clean.ts';
import { examine } from './examine.ts';
import { EXIT, exitCodeFor } from './exit-codes.ts';
import { findPids } from './find-pids.ts';
import { InputError } from './input-error.ts';
import { withInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { countFrom, formatDuration, parseDuration } from './number-options.ts';
import { renderReport } from './report.ts';
import { addReportOptions, optionsOf, type ReportOptions } from './report-options.ts';

/** As commander fills them in; times in seconds. */
interface WatchOptions extends ReportOptions {
  readonly stall: number;
  readonly interval: number;
  readonly once: boolean;
  readonly moments: number;
  readonly between: number;
}

/** `whyhung watch PID|NAME` */
export function addWatchCommand(program: Command, io: Io, exit: (code: number) => void): void {
  addReportOptions(program.command('watch <process>'))
    .description('watch a live process and its children; when they stop making progress, say why')
    .option('--stall <time>', 'without output and work for this long it makes no progress', parseDuration, 60)
    .option('--interval <time>', 'between two looks at its counters, which do not stop it', parseDuration, 1)
    .option('--once', 'end after the first report', false)
    .option('--moments <number>', 'times to look at the stacks; two tell stuck from moving', countFrom(1, 20), 2)
    .option('--between <time>', 'from one moment to the next', parseDuration, 3)
    .addHelpText('after', AFTER_HELP)
    .action(async (target: string, _options: WatchOptions, command: Command) =>
      exit(await runWatch(target, optionsOf<WatchOptions>(command), io)),
    );
}

const AFTER_HELP = `
Reports go to standard output, what happens in between to standard error. It ends when the process ends.

Exit codes: 0 no hang was seen, 1 a hang was diagnosed (see --fail-on), 2 wrong usage or no such process.
`;

async function runWatch(target: string, options: WatchOptions, io: Io): Promise<number> {
  const root = await findRoot(target);
  const tell = (line: string): void => io.stderr.write(`${new Date().toISOString().slice(0, 19)}Z  ${clean(line)}\n`);
  const tree = followTree({ rootPid: root.pid, marker: undefined });
  tell(`watching ${root.pid} (${root.name}) and its children`);
  return withInterrupts(async (signal) => {
    const limits = { stallSeconds: options.stall, intervalSeconds: Math.max(options.interval, SHORTEST_SECONDS) };
    const watch = watchProcess(root, { tree, limits, signal });
    return follow(watch, { root, options, io, tell, signal });
  });
}

const SHORTEST_SECONDS = 0.05;

async function findRoot(target: string): Promise<ProcessEntry> {
  if (!hasProc())
    throw new InputError('whyhung watch: there is no /proc on this system, which counts what a process does', {
      hint: 'Look at it yourself when it hangs: py-spy dump --pid PID | whyhung',
    });
  const { localHost } = await import('../collect/local-host.ts');
  const [pid = 0] = await findPids(target, localHost());
  const root = readEntry(pid);
  if (root !== undefined && !isZombie(root)) return root;
  throw new InputError(
    `${target}: ${root === undefined ? 'no such process' : 'the process has ended (it is a zombie)'}`,
    {
      hint: 'Find it with: pgrep -af python',
    },
  );
}

interface Following {
  readonly root: ProcessEntry;
  readonly options: WatchOptions;
  readonly io: Io;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

async function follow(watch: Watch, following: Following): Promise<number> {
  const { root, options, tell } = following;
  let code: number = EXIT.nothing;
  for (;;) {
    const sight = await watch.next();
    if (sight.kind === 'interrupted') return code;
    if (sight.kind === 'progress') tell(`${root.pid} makes progress again`);
    if (sight.kind === 'ended') {
      tell(`${root.pid} has ended`);
      return code;
    }
    if (sight.kind !== 'stall') continue;
    code = Math.max(code, await report(sight, following));
    if (options.once) return code;
  }
}

/** Returns the exit code that it is worth. */
async function report(
  { processes, switches }: Extract<Sight, { kind: 'stall' }>,
  { options, io, tell, signal }: Following,
): Promise<number> {
  tell(
    `no output and no work for ${formatDuration(options.stall)}${describeSwitches(switches)}: looking at the stacks`,
  );
  const { moments, between, verbose } = options;
  const onProgress = verbose ? tell : (): void => {};
  const { diagnosis } = await examine(processes, { moments, between, onProgress, signal });
  if (diagnosis.verdict === 'healthy') tell('all of it waits for work as idle programs do');
  // Of an idle program there is nothing to say, unless it was asked for this one look.
  if (diagnosis.verdict !== 'healthy' || options.once)
    io.stdout.write(renderReport(options, diagnosis, { output: io.stdout, env: io.env }));
  return exitCodeFor(diagnosis.verdict, options.failOn);
}

function describeSwitches(switches: number | undefined): string {
  if (switches === undefined) return '';
  return switches === 0 ? ', no thread ran' : `, threads woke up ${switches} times for nothing`;
}
