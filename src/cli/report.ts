import { REPORTERS } from '../generated/reporters.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Reporter } from '../reporters/reporter.ts';
import { InputError } from './input-error.ts';
import type { Io, Output } from './io.ts';
import type { LayoutOptions } from './report-options.ts';
import { showsUnicode, wantsColor, widthOf } from './terminal.ts';

/** The report as the stream that it goes to can show it. */
export function renderReport(
  { format, verbose, color, width }: LayoutOptions,
  diagnosis: Diagnosis,
  { output, env }: { output: Output; env: Io['env'] },
): string {
  return reporterOf(format).render(diagnosis, {
    color: wantsColor(color, output, env),
    width: widthOf(output, width),
    unicode: showsUnicode(env),
    verbose,
  });
}

/** The report as a file, which any program may show. */
export function renderFile(diagnosis: Diagnosis, format: string): string {
  return reporterOf(format).render(diagnosis, { color: false, width: 100, unicode: true, verbose: false });
}

function reporterOf(format: string): Reporter {
  const reporter = REPORTERS.find((one) => one.format === format);
  if (reporter !== undefined) return reporter;
  throw new InputError(`--format ${format}: no such format`, {
    hint: `Known: ${REPORTERS.map((one) => one.format).join(', ')}.`,
  });
}
