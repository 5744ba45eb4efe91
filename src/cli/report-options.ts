import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS } from '../generated/formats.ts';
import { FAIL_ON, type FailOn } from './exit-codes.ts';

/** How a report is to look. As commander fills them in. */
export interface LayoutOptions {
  readonly format: string;
  readonly verbose: boolean;
  readonly color: boolean | undefined;
  readonly width: number | undefined;
}

/** How to report, for every command whose exit code tells what was found. */
export interface ReportOptions extends LayoutOptions {
  readonly failOn: FailOn;
}

/** On the program itself and on commands below it, which read them with `optionsOf()`. */
export function addReportOptions(program: Command): Command {
  return addLayoutOptions(program).addOption(
    new Option('--fail-on <verdict>', 'what makes the exit code 1').choices(FAIL_ON).default('hang'),
  );
}

export function addLayoutOptions(command: Command): Command {
  return command
    .option('-v, --verbose', 'whole stacks, all hypotheses, every warning', false)
    .addOption(new Option('--format <format>', 'how to report').choices(FORMATS).default('text'))
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
      command.options.some((option) => option.attributeName() === name),
  );
  return { ...options, ...Object.fromEntries(said) };
}

function parseWidth(text: string): number {
  const width = Number(text);
  if (!Number.isInteger(width) || width < 20 || width > 1000)
    throw new InvalidArgumentError('Give a number of columns from 20 to 1000.');
  return width;
}
