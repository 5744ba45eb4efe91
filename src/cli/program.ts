import { Command } from 'commander';
import { addAttachCommand } from './attach-command.ts';
import { addCaptureCommand } from './capture-command.ts';
import { configure } from './configure.ts';
import { runDiagnose } from './diagnose-command.ts';
import type { Io } from './io.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import { addRunCommand } from './run-command.ts';
import { VERSION } from './version.ts';
import { addWatchCommand } from './watch-command.ts';

/** The command line: what it takes, and what its help says. `exit` is told the code of a command that ran. */
export function makeProgram(io: Io, exit: (code: number) => void): Command {
  const program = addReportOptions(new Command('whyhung'))
    .description(
      'Says why a Python process hangs: give it stack dumps of py-spy, gdb and others, get the cause and the cure.',
    )
    // Options behind a command are that command's.
    .enablePositionalOptions()
    .argument('[inputs...]', 'files, folders or quoted globs with dumps; - or nothing for standard input')
    .version(VERSION, '--version')
    .addHelpText('after', AFTER_HELP)
    .action(async (names: string[], options: ReportOptions) =>
      exit(await runDiagnose(names, options, { io, help: program.helpInformation() + AFTER_HELP })),
    );
  program
    .command('rules [id]')
    .description('list the rules, or show the page of one')
    .action(async (id: string | undefined) => exit((await import('./rules-command.ts')).runRules(id, io)));
  addAttachCommand(program, io, exit);
  addCaptureCommand(program, io, exit);
  addRunCommand(program, io, exit);
  addWatchCommand(program, io, exit);
  return configure(program, io);
}

const AFTER_HELP = `
Examples:
  py-spy dump --pid 8412 | whyhung            diagnose a dump
  whyhung py-spy.txt gdb.txt                  dumps of two tools say more than one
  whyhung first.txt second.txt                two moments show whether it moves
  whyhung --format json dumps/ > report.json  all dumps of a folder, for programs
  whyhung attach 8412                         look at a process that hangs, here and now
  whyhung capture 8412 -o hang.tgz            take the dumps, to diagnose them elsewhere: whyhung hang.tgz
  whyhung run -- pytest -n 4                  run a command; when it hangs, say why and end it
  whyhung watch 8412                          watch a process; when it stops making progress, say why

To get a dump by hand:
  py-spy dump --pid PID > py-spy.txt
  gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt

Exit codes: 0 nothing found, 1 a hang was diagnosed (see --fail-on), 2 wrong usage or no dump to read. Those of run: whyhung run --help
`;
