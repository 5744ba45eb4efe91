import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnosis, diagnose } from '../../src/index.ts';
import { type HangCase, hangCases } from '../../test/support/cases.ts';
import { excerptOf, tellingThreads } from './excerpt.ts';
import type { Sample } from './sample.ts';

/** Frames of the telling thread that people paste. */
const EXCERPTS = [8, 15];

/** All sets of dumps that the lab's cases say something about, whole. */
export function labSamples(): Sample[] {
  return hangCases().flatMap((one) => one.expect.map((given) => sampleOf(one, given)));
}

/**
 * The innermost frames of the telling thread alone, out of each single dump that is answered right as a whole. Of healthy
 * processes, those of every thread: whichever somebody takes for the culprit.
 */
export function labExcerpts(): Sample[] {
  return hangCases().flatMap((one) =>
    one.expect
      .filter(({ dumps }) => dumps.length === 1)
      .flatMap((given) => {
        const whole = sampleOf(one, given);
        const diagnosis = diagnose(whole.inputs);
        const cause = diagnosis.hypotheses[0]?.cause;
        const isRight = whole.healthy || (cause !== undefined && whole.accepts.includes(cause));
        return isRight ? excerpts(whole, diagnosis) : [];
      }),
  );
}

function excerpts(whole: Sample, diagnosis: Diagnosis): Sample[] {
  const text = whole.inputs[0]?.text ?? '';
  const cuts = tellingThreads(diagnosis).flatMap((thread) =>
    EXCERPTS.flatMap((frames) => excerptOf(text, thread, frames) ?? []),
  );
  return [...new Set(cuts)].map((cut) => ({ ...whole, inputs: [{ name: 'excerpt.txt', text: cut }] }));
}

function sampleOf({ name, folder, truth }: HangCase, { dumps, cannotShow }: HangCase['expect'][number]): Sample {
  return {
    of: name,
    tool: dumps.length === 1 ? toolOf(dumps[0] ?? '') : 'several',
    cause: truth.cause,
    accepts: [truth.cause, ...truth.alsoAccept],
    healthy: truth.verdict !== 'hang',
    telling: cannotShow === undefined,
    inputs: dumps.map((dump) => ({ name: dump, text: readFileSync(join(folder, 'dumps', dump), 'utf8') })),
  };
}

/** "pyspy-native.2.txt" is py-spy --native at the second moment. */
function toolOf(dump: string): string {
  const stem = dump.replace(/\..*$/, '');
  if (dump.endsWith('.json') && stem.startsWith('pyspy')) return 'py-spy --json';
  if (stem.startsWith('pyspy-native')) return 'py-spy --native';
  if (stem.startsWith('pyspy')) return 'py-spy';
  if (/^(?:gdb-(?:mi|dap)|pygdbmi)/.test(stem)) return 'gdb (MI, DAP)';
  return stem.startsWith('gdb') ? 'gdb' : stem.replace(/-(?:full|locals|native-all)$/, '');
}
