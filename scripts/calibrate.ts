import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { corpusSamples } from './calibrate/corpus.ts';
import { labExcerpts, labSamples } from './calibrate/lab.ts';
import { fillPage, readPage } from './calibrate/page.ts';
import { type Answer, answer } from './calibrate/sample.ts';
import { corpusTables, labTables } from './calibrate/tables.ts';

// How often the words of confidence are right, measured:
//
//   npm run calibrate                          the lab, into docs/calibration.md
//   npm run calibrate -- --corpus DIR          a corpus of public threads, too
//   npm run calibrate -- --list                names what is answered wrongly though it can be seen, and writes nothing

const { values } = parseArgs({ options: { corpus: { type: 'string' }, list: { type: 'boolean', default: false } } });

const lab = labSamples().map(answer);
const excerpts = labExcerpts().map(answer);
const corpus = values.corpus === undefined ? undefined : (await corpusSamples(values.corpus, false)).map(answer);
const noisy = values.corpus === undefined ? undefined : (await corpusSamples(values.corpus, true)).map(answer);

if (values.list) {
  list('lab', lab);
  list('excerpt', excerpts);
  list('corpus', corpus ?? []);
  list('corpus, noisy', noisy ?? []);
} else {
  const path = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/calibration.md');
  const page = readPage(path);
  writeFileSync(
    path,
    fillPage(page, {
      lab: labTables(lab, excerpts),
      corpus: corpus === undefined || noisy === undefined ? undefined : corpusTables(corpus, noisy),
    }),
  );
  console.log(`written: docs/calibration.md (${lab.length} sets of dumps, ${excerpts.length} excerpts)`);
}

function list(from: string, answers: readonly Answer[]): void {
  for (const { sample, silent, confidence, rightFirst, said } of answers) {
    if (rightFirst || !sample.telling) continue;
    const names = sample.inputs.map(({ name }) => name).join(' + ');
    console.log(
      `${from}: ${sample.of} (${names}): ${sample.cause}, answered ${silent ? 'nothing' : `${confidence} ${said}`}`,
    );
  }
}
