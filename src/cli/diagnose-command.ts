import { diagnose } from '../diagnose.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Warning } from '../model/dump.ts';
import { clean } from '../reporters/_shared/clean.ts';
import { EXIT, exitCodeFor } from './exit-codes.ts';
import { InputError } from './input-error.ts';
import { type Gathered, gatherInputs } from './inputs.ts';
import type { Io } from './io.ts';
import { renderReport } from './report.ts';
import type { ReportOptions } from './report-options.ts';

/** `whyhung [inputs...]`: reads, diagnoses, reports; returns the exit code. */
export async function runDiagnose(
  names: readonly string[],
  options: ReportOptions,
  { io, help }: { io: Io; help: string },
): Promise<number> {
  if (names.length === 0 && io.stdin.isTerminal) {
    io.stderr.write(help);
    return EXIT.usage;
  }
  return conclude(await gatherInputs(names, io), options, io);
}

/** Diagnoses what was gathered, prints the report, and says the exit code. */
export function conclude({ inputs, warnings, found }: Gathered, options: ReportOptions, io: Io): number {
  const bare = diagnose(inputs);
  const diagnosis = { ...bare, warnings: [...warnings, ...gatherEmpty(bare.warnings, found)] };
  const empty = inputs.length === 0 || isEmpty(diagnosis);
  // A program that reads the report wants one in any case; a person wants the reason.
  if (!empty || options.format !== 'text')
    io.stdout.write(renderReport(options, diagnosis, { output: io.stdout, env: io.env }));
  if (empty) throw noDump(diagnosis.warnings);
  return exitCodeFor(diagnosis.verdict, options.failOn);
}

/** Says of an input that it could not be used; any other warning shows that something was understood. */
const NOTHING: ReadonlySet<string> = new Set([
  'no-dump',
  'files-without-dump',
  'no-files',
  'unreadable-input',
  'binary-input',
  'input-too-large',
]);

function isEmpty({ capture, warnings }: Diagnosis): boolean {
  return capture.processes.length === 0 && warnings.every(({ code }) => NOTHING.has(code));
}

/** Files of a folder that hold no dump are its normal company: one line for all of them. */
function gatherEmpty(warnings: readonly Warning[], found: ReadonlySet<string>): Warning[] {
  const walked = warnings.filter(({ code, source }) => code === 'no-dump' && source !== undefined && found.has(source));
  if (walked.length < 2) return [...warnings];
  const names = walked.map(({ source }) => source);
  const shown = names.length > 4 ? [...names.slice(0, 3), '…', names.at(-1)] : names;
  const message = `${walked.length} files hold no dump in any known format: ${shown.join(', ')}`;
  const rest = warnings.filter((warning) => !walked.includes(warning));
  return [...rest, { code: 'files-without-dump', message, hint: undefined, source: undefined, line: undefined }];
}

const SHOWN = 5;

/** All that stands in the way, each with its own way out. */
export function noDump(warnings: readonly Warning[]): InputError {
  const [first, ...others] = warnings.slice(0, SHOWN).map(({ source, message, hint }) => ({
    line: clean(`${source === undefined ? '' : `${source}: `}${message}`),
    hint: hint === undefined ? [] : [clean(hint)],
  }));
  if (first === undefined) return new InputError('no input', { hint: 'Give a dump: py-spy dump --pid PID | whyhung' });
  const rest = others.flatMap(({ line, hint }) => [line, ...hint]);
  const left = warnings.length - SHOWN;
  return new InputError(first.line, {
    hint: [...first.hint, ...rest, ...(left > 0 ? [`and ${left} more`] : [])].join('\n'),
  });
}
