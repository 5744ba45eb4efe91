import type { Command } from 'commander';
import type { Io } from './io.ts';
import { wantsColor, widthOf } from './terminal.ts';

/** Errors and help go through the given streams, and nothing ends the process. */
export function configure(program: Command, io: Io): Command {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => Math.min(HELP_WIDTH, widthOf(io.stdout, undefined)),
      getErrHelpWidth: () => Math.min(HELP_WIDTH, widthOf(io.stderr, undefined)),
      getOutHasColors: () => wantsColor(undefined, io.stdout, io.env),
      getErrHasColors: () => wantsColor(undefined, io.stderr, io.env),
    });
  }
  return program;
}

const HELP_WIDTH = 100;
