import { Command } from 'commander';
import { configure } from './configure.ts';
import type { Io } from './io.ts';
import { addRunCommand } from './run-command.ts';

/** The part of the command line that `whyhung run …` needs. */
export function makeRunProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('whyhung').enablePositionalOptions();
  addRunCommand(program, io, exit);
  return configure(program, io);
}
