import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS } from '../generated/formats.ts';
import { FAIL_ON, type FailOn } from './exit-codes.ts';

/** How to report, for every command that diagnoses. As commander fills them in. */
export interface ReportOptions {
  readonly format: string;
  readonly failOn: FailOn;
  readonly verbose: boolean;
  readonly color: boolean | undefined;
  readonly width: number | undefined;
}

/** On the program itself and on commands below it, which read them with `optionsOf()`. */
export function addReportOptions(program: Command): Command {
  return program
    .option('-v, --verbose', 'whole stacks, all hypotheses, every warning', false)
    .addOption(new Option('--format <format>', 'how to report').choices(FORMATS).default('text'))
    .addOption(new Option('--fail-on <verdict>', 'what makes the exit code 1').choices(FAIL_ON).default('hang'))
    .option('--color', 'colour, also into a pipe (NO_COLOR and FORCE_COLOR are honoured)')
    .option('--no-color', 'no colour')
    .option('--width <columns>', "columns of the text report (default: the terminal's)", parseWidth);
}

/** Options of a command that may also stand before its name, on the program: what was said is stronger than a default. */
export function optionsOf<Options extends object>(command: Command): Options {
  const options = command.opts<Options>();
  const given = command.parent?.opts<Options>() ?? options;
  const said = Object.entries(given).filter(
    ([name]) =>
      command.parent?.getOptionValueSource(name) === 'cli' &&
      command.getOptionValueSource(name) !== 'cli' &&
      name in options,
  );
  return { ...options, ...Object.fromEntries(said) };
}

function parseWidth(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < 20 || width > 1000)
    throw new InvalidArgumentError('Give a number of columns from 20 to 1000.');
  return width;
}
