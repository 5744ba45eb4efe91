import type { Diagnosis, Hypothesis } from '../../model/diagnosis.ts';
import type { Thread } from '../../model/thread.ts';
import { listThreads, nameFunction } from '../_shared/names.ts';
import { tellingNotes } from '../_shared/notes.ts';
import { type AdviceOptions, drawAdvice, drawLabelled, drawStep } from './advice.ts';
import { drawHeadline, drawProcess } from './headline.ts';
import { cutEnd, cutPath, hang } from './layout.ts';
import type { Page } from './page.ts';
import { drawStack, type StackOptions } from './stack.ts';
import { findWitnesses, type Witness } from './threads.ts';
import { drawTrees } from './wait-tree.ts';
import { widthOf } from './width.ts';

/** Lines that one hypothesis may take on a page of eighty columns. */
const HEIGHT = 40;

interface Level extends AdviceOptions, StackOptions {
  /** How many different stacks to draw. */
  readonly stacks: number;
  /** Lines below each tree of the wait-for graph; none leaves its headline. */
  readonly waiting: number;
}

/** From talkative to terse: the first one that fits the height is taken, `-v` takes all there is. */
const EVERYTHING: Level = {
  why: 'both',
  steps: 99,
  lines: 99,
  references: 99,
  own: 99,
  rows: 999,
  stacks: 99,
  waiting: 999,
};
const LEVELS: readonly Level[] = [
  { why: 'explanation', steps: 9, lines: 99, references: 6, own: 3, rows: 12, stacks: 2, waiting: 6 },
  { why: 'explanation', steps: 1, lines: 99, references: 4, own: 2, rows: 12, stacks: 2, waiting: 5 },
  { why: 'shorter', steps: 1, lines: 99, references: 3, own: 2, rows: 10, stacks: 2, waiting: 4 },
  { why: 'shorter', steps: 1, lines: 6, references: 2, own: 1, rows: 8, stacks: 2, waiting: 3 },
  { why: 'shorter', steps: 1, lines: 4, references: 2, own: 1, rows: 8, stacks: 1, waiting: 2 },
  { why: 'shorter', steps: 1, lines: 4, references: 1, own: 1, rows: 5, stacks: 1, waiting: 2 },
  { why: 'shorter', steps: 1, lines: 3, references: 1, own: 1, rows: 4, stacks: 1, waiting: 1 },
  { why: 'shorter', steps: 1, lines: 2, references: 1, own: 1, rows: 4, stacks: 1, waiting: 1 },
  { why: 'shorter', steps: 1, lines: 2, references: 1, own: 1, rows: 4, stacks: 1, waiting: 0 },
];

export function drawHypothesis(hypothesis: Hypothesis, diagnosis: Diagnosis, page: Page): string[] {
  if (page.verbose) return drawAt(EVERYTHING, hypothesis, diagnosis, page);
  let lines: string[] = [];
  for (const level of LEVELS) {
    lines = drawAt(level, hypothesis, diagnosis, page);
    if (lines.length <= HEIGHT) break;
  }
  return lines;
}

function drawAt(level: Level, hypothesis: Hypothesis, diagnosis: Diagnosis, page: Page): string[] {
  const witnesses = findWitnesses(hypothesis.evidence, diagnosis);
  return [
    ...drawHeadline(diagnosis.verdict, hypothesis, page),
    ...drawProcess(witnesses[0]?.process, witnesses, diagnosis, page, hypothesis.library),
    '',
    ...drawWitnesses(witnesses, page, { ...level, yourCode: hypothesis.yourCode }),
    ...drawOthers(witnesses, hypothesis, diagnosis, page, level),
    ...drawAdvice(hypothesis, page, level),
  ];
}

function drawWitnesses(witnesses: readonly Witness[], page: Page, level: Level): string[] {
  const groups = groupWitnesses(witnesses);
  const drawn = groups.slice(0, level.stacks).flatMap((group) => drawGroup(group, page, level));
  const rest = groups.slice(level.stacks);
  const listed = rest
    .slice(0, REST)
    .flatMap((group) => hang('  ', page.say(`${nameGroup(group)}: ${noteOf(group)}`), page.width));
  const more = rest.length > REST ? [`  and ${rest.length - REST} more kinds of threads (-v shows them)`] : [];
  return [...drawn, ...listed, ...more, ...(listed.length > 0 ? [''] : [])];
}

const REST = 3;

/** Who waits behind the threads of the evidence, where the evidence has not told that. */
function drawOthers(
  witnesses: readonly Witness[],
  { unseen }: Hypothesis,
  diagnosis: Diagnosis,
  page: Page,
  { waiting }: Level,
): string[] {
  const told = new Set<unknown>(witnesses.map(({ thread }) => thread));
  return drawTrees(diagnosis, page, waiting, page.verbose || unseen.length === 0)
    .filter(({ threads }) => [...threads].some((thread) => !told.has(thread)))
    .slice(0, page.verbose ? undefined : TREES)
    .flatMap(({ lines }) => [...lines, '']);
}

const TREES = 2;

function drawGroup(group: readonly Witness[], page: Page, level: Level): string[] {
  const [witness] = group;
  if (witness === undefined) return [];
  const { thread } = witness;
  const line = withPlace(hang('  ', page.say(`${subjectOf(group)} ${noteOf(group)}`), page.width), thread, page);
  const marks = [...(thread?.gil === 'holds' ? ['holds the GIL'] : []), ...notesOf(thread, page)];
  const notes = marks.flatMap((note) => hang('    ', page.say(note), page.width));
  return [...line, ...notes.slice(0, page.verbose ? undefined : 2), '', ...drawStack(witness, page, level), ''];
}

function notesOf(thread: Thread | undefined, { verbose }: Page): readonly string[] {
  if (thread === undefined) return [];
  return verbose ? thread.notes : tellingNotes(thread);
}

/** Where in the input the thread stands: behind what is said of it, or below where there is no room. */
function withPlace(lines: readonly string[], thread: Thread | undefined, page: Page): string[] {
  if (thread === undefined) return [...lines];
  const place = page.say(`${thread.place.source}:${thread.place.line}`);
  const last = lines.at(-1) ?? '';
  const room = page.width - widthOf(last) - 3;
  const behind = cutPath(place, room, page);
  if (room >= SHORTEST_PLACE || behind === place) return [...lines.slice(0, -1), `${last}   ${page.dim(behind)}`];
  return [...lines, `    ${page.dim(cutPath(place, page.width - 4, page))}`];
}

const SHORTEST_PLACE = 16;

function nameGroup(group: readonly Witness[]): string {
  return listThreads(
    group.map(({ evidence, thread }) => ({
      id: evidence.threadId,
      name: evidence.threadName,
      nativeId: thread?.nativeId,
    })),
  );
}

/** What is said of threads is said of one: "waits for a lock". */
function subjectOf(group: readonly Witness[]): string {
  return group.length > 1 ? `each of ${nameGroup(group)}` : nameGroup(group);
}

function noteOf(group: readonly Witness[]): string {
  return group[0]?.evidence.note ?? '';
}

/** Threads of which the same is said, on the same frames, are one group. */
function groupWitnesses(witnesses: readonly Witness[]): Witness[][] {
  const groups = new Map<string, Witness[]>();
  for (const witness of witnesses) {
    const { evidence } = witness;
    const key = [
      evidence.note,
      ...evidence.frames.map(({ frame, note }) => `${frame.function} ${frame.file} ${note}`),
    ].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [witness]);
    else group.push(witness);
  }
  return [...groups.values()];
}

/** The second and third guess: what, where, and the first thing to do. */
export function drawShortly(hypothesis: Hypothesis, diagnosis: Diagnosis, page: Page): string[] {
  const { confidence, title, summary, rule, remediation, unseen } = hypothesis;
  const witnesses = findWitnesses(hypothesis.evidence, diagnosis);
  const [group] = groupWitnesses(witnesses);
  const [step] = remediation;
  const [missing] = unseen;
  const path = [...(witnesses[0]?.evidence.frames ?? [])]
    .reverse()
    .map(({ frame }) => nameFunction(frame))
    .join(' → ');
  const head = hang(`also ${confidence}   `, page.say(title), page.width);
  return [
    ...head.map((line) => page.bold(line)),
    ...(group === undefined ? [] : hang('  ', page.say(`${subjectOf(group)} ${noteOf(group)}`), page.width)),
    ...(path === '' ? [] : [`     ${cutEnd(page.say(path), page.width - 5, page)}`]),
    ...drawLabelled('Why', summary, page, 3),
    ...(step === undefined ? [] : drawStep(step.kind === 'now' ? 'Now' : 'Do', step.step, step.command, page, 2)),
    ...(missing === undefined ? [] : drawStep('Not seen', missing.what, missing.command, page, 2)),
    ...drawLabelled('Rule', rule, page),
  ];
}
