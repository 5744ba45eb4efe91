import type { Command } from 'commander';
import { type Collected, collect } from '../collect/collect.ts';
import { clean } from '../reporters/_shared/clean.ts';
import { conclude } from './diagnose-command.ts';
import { findPids } from './find-pids.ts';
import { InputError } from './input-error.ts';
import { withInterrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { addLiveOptions, hostFor, type LiveOptions, toCollectOptions } from './live-options.ts';
import { addReportOptions, optionsOf, type ReportOptions } from './report-options.ts';

/** `whyhung attach PID|NAME` */
export function addAttachCommand(program: Command, io: Io, exit: (code: number) => void): void {
  addReportOptions(addLiveOptions(program.command('attach <process>')))
    .description('look at a live process, by number or name, with the tools that are there, and say why it hangs')
    .action(async (target: string, _options: LiveOptions, command: Command) => {
      const options = optionsOf<LiveOptions & ReportOptions>(command);
      const { inputs, warnings } = await collectFrom(target, options, io);
      exit(conclude({ inputs, warnings, found: new Set() }, options, io));
    });
}

/** Collects while it tells on standard error what it does. */
export async function collectFrom(target: string, options: LiveOptions, io: Io): Promise<Collected> {
  const tell = (line: string): void => io.stderr.write(`${clean(line)}\n`);
  const host = await hostFor(options);
  const pids = await findPids(target, host);
  const { moments, interval } = options;
  tell(`looking at ${pids.join(', ')}${moments > 1 ? ` ${moments} times, ${interval} s apart` : ''}`);
  const collected = await withInterrupts(async (signal) => {
    const found = await collect(pids, toCollectOptions(options, { host, onProgress: tell, signal }));
    if (signal.aborted) throw new InputError('interrupted: nothing is reported; the process runs on', {});
    return found;
  });
  if (collected.pausedMilliseconds !== undefined) tell(describePause(collected.pausedMilliseconds, host.isLocal));
  return collected;
}

function describePause(milliseconds: number, measured: boolean): string {
  const seconds = (milliseconds / 1000).toFixed(2);
  if (!measured) return `the process stood still for ${seconds} s at most`;
  return milliseconds < 5 ? 'the process stood still for less than 5 ms' : `the process stood still for ${seconds} s`;
}
