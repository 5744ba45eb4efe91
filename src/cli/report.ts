import { type Command, InvalidArgumentError, Option } from 'commander';
import { REPORTERS } from '../generated/reporters.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import { FAIL_ON, type FailOn } from './exit-codes.ts';
import { InputError } from './input-error.ts';
import type { Io } from './io.ts';
import { showsUnicode, wantsColor, widthOf } from './terminal.ts';

/** How to report, for every command that diagnoses. As commander fills them in. */
export interface ReportOptions {
  readonly format: string;
  readonly failOn: FailOn;
  readonly verbose: boolean;
  readonly color: boolean | undefined;
  readonly width: number | undefined;
}

/** On the program itself; commands below it read them with `optsWithGlobals()`. */
export function addReportOptions(program: Command): Command {
  return program
    .option('-v, --verbose', 'whole stacks, all hypotheses, every warning', false)
    .addOption(
      new Option('--format <format>', 'how to report').choices(REPORTERS.map(({ format }) => format)).default('text'),
    )
    .addOption(new Option('--fail-on <verdict>', 'what makes the exit code 1').choices(FAIL_ON).default('hang'))
    .option('--color', 'colour, also into a pipe (NO_COLOR and FORCE_COLOR are honoured)')
    .option('--no-color', 'no colour')
    .option('--width <columns>', "columns of the text report (default: the terminal's)", parseWidth);
}

export function renderReport(
  { format, verbose, color, width }: ReportOptions,
  diagnosis: Diagnosis,
  { stdout, env }: Io,
): string {
  const reporter = REPORTERS.find((one) => one.format === format);
  if (reporter === undefined)
    throw new InputError(`--format ${format}: no such format`, {
      hint: `Known: ${REPORTERS.map((one) => one.format).join(', ')}.`,
    });
  return reporter.render(diagnosis, {
    color: wantsColor(color, stdout, env),
    width: widthOf(stdout, width),
    unicode: showsUnicode(env),
    verbose,
  });
}

function parseWidth(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < 20 || width > 1000)
    throw new InvalidArgumentError('Give a number of columns from 20 to 1000.');
  return width;
}
