import { CAUSES, type Confidence } from '../../src/index.ts';
import type { Answer } from './sample.ts';

const WORDS: readonly Confidence[] = ['certain', 'likely', 'possible'];

export function labTables(lab: readonly Answer[], excerpts: readonly Answer[]): string {
  const single = lab.filter(({ sample }) => sample.tool !== 'several');
  const several = lab.filter(({ sample }) => sample.tool === 'several');
  return [
    paragraph([
      `${count(new Set(lab.map(({ sample }) => sample.of)).size)} cases, ${count(lab.length)} sets of dumps.`,
      'Some dumps do not tell the cause: a parent without its child, C frames without names. The case says so, and why; the answer is then a possibility or nothing, with the command that would show it.',
      'An excerpt is the innermost 8 or 15 frames of one thread alone: of the telling one, out of each dump that is answered right as a whole; of healthy processes, of every thread.',
    ]),
    summary([
      ['dumps of several tools', several],
      ['one dump', single],
      ['excerpts', excerpts],
    ]),
    '### By word',
    byWord([...lab, ...excerpts]),
    '### By tool, one dump alone',
    byGroup('tool', single, ({ sample }) => sample.tool),
    '### By cause',
    byGroup('cause', lab, ({ sample }) => sample.cause, Object.keys(CAUSES)),
  ].join('\n\n');
}

export function corpusTables(clean: readonly Answer[], noisy: readonly Answer[]): string {
  return [
    paragraph([
      `${count(clean.length)} excerpts from public threads whose cause was found, clean and as they are pasted: with prompts, pagers, quoting, log prefixes and wrapped lines.`,
    ]),
    summary([
      ['clean', clean],
      ['as pasted', noisy],
    ]),
    '### By word',
    byWord([...clean, ...noisy]),
    '### By tool',
    byGroup('tool', clean, ({ sample }) => sample.tool),
    '### By cause',
    byGroup('cause', clean, ({ sample }) => sample.cause, Object.keys(CAUSES)),
  ].join('\n\n');
}

function summary(rows: readonly (readonly [string, readonly Answer[]])[]): string {
  return table(
    [
      '',
      'hangs',
      'right first',
      'within three',
      'nothing said',
      'that tell it',
      'right first',
      'healthy',
      'no false alarm',
    ],
    rows.map(([name, answers]) => {
      const hung = answers.filter(({ sample }) => !sample.healthy);
      const telling = hung.filter(({ sample }) => sample.telling);
      const calm = answers.filter(({ sample }) => sample.healthy);
      return [
        name,
        count(hung.length),
        share(hung, ({ rightFirst }) => rightFirst),
        share(hung, ({ rightWithinThree }) => rightWithinThree),
        share(hung, ({ silent }) => silent),
        count(telling.length),
        share(telling, ({ rightFirst }) => rightFirst),
        count(calm.length),
        share(calm, ({ rightFirst }) => rightFirst),
      ];
    }),
  );
}

/** Of what was said first with each word, how much is right; on a healthy process only "healthy" is. */
function byWord(answers: readonly Answer[]): string {
  return table(
    ['word', 'said first', 'right'],
    WORDS.map((word) => {
      const said = answers.filter(({ confidence }) => confidence === word);
      return [`\`${word}\``, count(said.length), share(said, isRightWord)];
    }),
  );
}

function isRightWord({ sample, said }: Answer): boolean {
  return said !== undefined && sample.accepts.includes(said);
}

function byGroup(
  title: string,
  answers: readonly Answer[],
  keyOf: (one: Answer) => string,
  order?: readonly string[],
): string {
  const groups = new Map<string, Answer[]>();
  for (const key of order ?? [...new Set(answers.map(keyOf))].sort()) groups.set(key, []);
  for (const one of answers) groups.get(keyOf(one))?.push(one);
  return table(
    [title, 'dumps', 'right first', 'right within three', 'nothing said'],
    [...groups]
      .filter(([, group]) => group.length > 0)
      .map(([key, group]) => [
        key,
        count(group.length),
        share(group, ({ rightFirst }) => rightFirst),
        share(group, ({ rightWithinThree }) => rightWithinThree),
        share(group, ({ silent }) => silent),
      ]),
  );
}

function share(answers: readonly Answer[], holds: (one: Answer) => boolean): string {
  if (answers.length === 0) return '–';
  const number = answers.filter(holds).length;
  return `${count(number)} (${((100 * number) / answers.length).toFixed(1)} %)`;
}

const count = (value: number): string => value.toLocaleString('en');

const paragraph = (sentences: readonly string[]): string => sentences.join(' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
