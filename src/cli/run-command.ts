import { basename } from 'node:path';
import type { Command } from 'commander';
import { type NotStarted, startCommand } from '../collect/supervise/command.ts';
import { hasProc } from '../collect/supervise/process-table.ts';
import { passSignals } from '../collect/supervise/signals.ts';
import { InputError } from './input-error.ts';
import type { Io } from './io.ts';
import { countFrom, parseDuration, parseLimit } from './number-options.ts';
import type { ReportFolder } from './report-folder.ts';
import { addLayoutOptions, type LayoutOptions, optionsOf } from './report-options.ts';
import { type Attendance, attend, type End } from './run/attend.ts';
import { makeStop } from './run/stop.ts';

/** As commander fills them in; times in seconds, `undefined` for no limit. */
export interface RunOptions extends LayoutOptions {
  readonly timeout: number | undefined;
  readonly stall: number | undefined;
  readonly grace: number;
  readonly moments: number;
  readonly interval: number;
  readonly reportDir: string | undefined;
}

/** `whyhung run [options] -- COMMAND…` */
export function addRunCommand(program: Command, io: Io, exit: (code: number) => void): void {
  addLayoutOptions(program.command('run'))
    .description('run a command; when it hangs, say why and end it')
    .argument('<command...>', 'the command and its arguments, best behind --')
    .passThroughOptions()
    .option('--timeout <time>', 'it hangs when it runs longer than this (90s, 5m, 1h30m; 0: no limit)', parseLimit)
    .option(
      '--stall <time>',
      'it hangs when all its processes write nothing and use no processor for this long',
      parseLimit,
      300,
    )
    .option('--grace <time>', 'between SIGTERM and SIGKILL', parseDuration, 10)
    .option('--report-dir <folder>', 'write report.txt, report.json and dumps/ there')
    .option('--moments <number>', 'times to look at the stacks; two tell stuck from moving', countFrom(1, 20), 2)
    .option('--interval <time>', 'from one moment to the next', parseDuration, 3)
    .addHelpText('after', AFTER_RUN_HELP)
    .action(async (argv: string[], _options: RunOptions, command: Command) => {
      exit(await runRun(argv, optionsOf<RunOptions>(command), io));
    });
}

const AFTER_RUN_HELP = `
Examples:
  whyhung run -- pytest -n 4                               ended after 5 minutes without output and work
  whyhung run --timeout 20m --report-dir hang -- pytest    ended after 20 minutes, with report and dumps in hang/

Exit codes: the command's own; 124 when it was ended because it hung or ran too long, 126 when it cannot be run,
127 when there is no such command, 2 wrong usage. The report goes to standard error.
`;

/** `whyhung run -- COMMAND…`: as if the command ran alone, until it hangs. Returns the exit code. */
async function runRun(argv: readonly string[], options: RunOptions, io: Io): Promise<number> {
  if (process.platform === 'win32')
    throw new InputError('whyhung run: not possible on Windows', {
      hint: 'It needs the signals and process table of Linux or macOS. Dumps of Windows can be read all the same.',
    });
  // Before the command: a mistake shall show at once.
  const folder = options.reportDir === undefined ? undefined : await openFolder(options.reportDir, io.cwd);
  const stop = makeStop();
  const signals = passSignals(stop.ask);
  const end = await startAndAttend(argv, { options, folder, io, stop, signals });
  signals.undo();
  await io.shared.flush();
  return typeof end === 'number' ? end : await io.raise(end);
}

async function startAndAttend(argv: readonly string[], given: Omit<Attendance, 'name' | 'tell'>): Promise<End> {
  const { io } = given;
  const command = await startCommand(argv, io.env);
  if ('reason' in command) return tellNotStarted(argv, command, io);
  const tell = (line: string): void => io.shared.write(`whyhung: ${line}\n`);
  if (!hasProc()) tell('without /proc (this is no Linux) only processor time tells a stall, and daemons are not found');
  return attend(command, { ...given, name: basename(argv[0] ?? ''), tell });
}

async function openFolder(name: string, cwd: string): Promise<ReportFolder> {
  const { openReportFolder } = await import('./report-folder.ts');
  return openReportFolder(name, cwd);
}

function tellNotStarted([file = '']: readonly string[], { exitCode, reason, hint }: NotStarted, io: Io): number {
  io.stderr.write(`${JSON.stringify(file).slice(1, -1)}: ${reason}\n  ${hint}\n`);
  return exitCode;
}
