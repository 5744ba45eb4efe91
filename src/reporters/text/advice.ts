import type { Hypothesis, Reference, Remediation, RemediationKind, Unseen } from '../../model/diagnosis.ts';
import { clip, hang, padEnd, wrap } from './layout.ts';
import type { Page } from './page.ts';
import { widthOf } from './width.ts';

/** How much of a hypothesis to say; see `LEVELS`. */
export interface AdviceOptions {
  readonly why: 'both' | 'explanation' | 'shorter';
  /** Steps of each kind. */
  readonly steps: number;
  /** Lines of each step or explanation. */
  readonly lines: number;
  readonly references: number;
}

const LABELS: Readonly<Record<RemediationKind, string>> = {
  now: 'Now',
  fix: 'Fix',
  prevent: 'Avoid',
  verify: 'Verify',
};
const KINDS: readonly RemediationKind[] = ['now', 'fix', 'prevent', 'verify'];

/** Why it hangs, what to do, what was not seen, who else has seen it. */
export function drawAdvice(hypothesis: Hypothesis, page: Page, options: AdviceOptions): string[] {
  const { remediation, references, unseen } = hypothesis;
  const shown = unseen.slice(0, page.verbose ? undefined : 2);
  return [
    ...drawWhy(hypothesis, page, options),
    '',
    ...KINDS.flatMap((kind) =>
      drawSteps(
        remediation.filter((step) => step.kind === kind),
        LABELS[kind],
        page,
        options,
      ),
    ),
    ...(shown.length > 0
      ? ['', ...shown.flatMap((one, index) => drawUnseen(one, index === 0 ? 'Not seen' : '', page, options))]
      : []),
    '',
    ...drawReferences(references, page, options),
    ...drawRule(hypothesis, page),
  ];
}

function drawWhy({ summary, explanation }: Hypothesis, page: Page, { why, lines }: AdviceOptions): string[] {
  const shorter = summary.length < explanation.length && summary !== '' ? summary : explanation;
  const text = { both: summary, explanation: explanation === '' ? summary : explanation, shorter }[why];
  const first = drawLabelled('Why', text, page, lines);
  return why === 'both' ? [...first, ...drawLabelled('', explanation, page, lines)] : first;
}

function drawSteps(
  steps: readonly Remediation[],
  label: string,
  page: Page,
  { steps: count, lines }: AdviceOptions,
): string[] {
  return steps
    .slice(0, count)
    .flatMap((step, index) => [...drawStep(index === 0 ? label : '', step.step, step.command, page, lines)]);
}

function drawUnseen({ what, command }: Unseen, label: string, page: Page, { lines }: AdviceOptions): string[] {
  return drawStep(label, command === undefined ? what : `${what}. To be certain:`, command, page, lines);
}

/** A step and its command: on the same line where both fit, else below it, and never broken, so that it can be pasted. */
export function drawStep(
  label: string,
  text: string,
  command: string | undefined,
  page: Page,
  lines: number,
): string[] {
  const drawn = drawLabelled(label, text, page, lines);
  if (command === undefined) return drawn;
  const said = page.say(command);
  const last = drawn.at(-1) ?? '';
  if (drawn.length === 1 && widthOf(last) + 2 + widthOf(said) <= page.width) return [`${last}  ${page.bold(said)}`];
  return [...drawn, `${' '.repeat(indentOf(page))}${page.bold(said)}`];
}

const LABEL_WIDTH = 10;

function indentOf({ width }: Page): number {
  return width < 50 ? 4 : LABEL_WIDTH + 2;
}

/** Text behind a label, with a hanging indent; on a narrow page below it. */
export function drawLabelled(label: string, text: string, page: Page, lines = Number.POSITIVE_INFINITY): string[] {
  const indent = indentOf(page);
  // Long lines of prose are hard to read, however wide the terminal.
  const width = Math.min(page.width, MEASURE);
  if (indent < LABEL_WIDTH) {
    const body = clip(hang(' '.repeat(indent), page.say(text), width), lines, width, page);
    return label === '' ? body : [`  ${page.bold(label)}`, ...body];
  }
  const [first = '', ...rest] = clip(wrap(page.say(text), width - indent), lines, width - indent, page);
  return [
    `  ${page.bold(padEnd(label, LABEL_WIDTH))}${first}`.trimEnd(),
    ...rest.map((line) => `${' '.repeat(indent)}${line}`),
  ];
}

/** Columns of prose at most. */
const MEASURE = 110;

function drawReferences(references: readonly Reference[], page: Page, { references: count }: AdviceOptions): string[] {
  if (references.length === 0) return [];
  if (page.verbose) {
    return references.flatMap(({ title, url, establishes }, index) => [
      ...drawStep(
        index === 0 ? 'Known' : '',
        establishes === undefined ? title : `${title}: ${establishes}`,
        url,
        page,
        Number.POSITIVE_INFINITY,
      ),
    ]);
  }
  return drawLabelled(
    'Known',
    references
      .slice(0, count)
      .map(({ title }) => title)
      .join('; '),
    page,
    2,
  );
}

function drawRule({ rule, alsoMatches }: Hypothesis, page: Page): string[] {
  const also =
    alsoMatches.length > 0
      ? drawLabelled('Also fits', `${alsoMatches.join(', ')}: less well, on the same threads`, page)
      : [];
  return [...also, ...drawLabelled('Rule', `${rule}   (more: whyhung rules ${rule})`, page)];
}
