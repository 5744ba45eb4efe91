import { isUserCode } from '../../frames/user-code.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import type { Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';
import { listThreads, nameFunction, placeOf } from '../_shared/names.ts';
import { notesBesideStack } from '../_shared/notes.ts';
import { drawLabelled } from './advice.ts';
import { findExclusions } from './excluded.ts';
import { describeProcess } from './headline.ts';
import { countKinds } from './idle-kinds.ts';
import { hang } from './layout.ts';
import type { Page } from './page.ts';
import { drawTrees } from './wait-tree.ts';

/** Kinds of threads to list for each process, processes to list, lines of a tree below what is waited for, and trees. */
const KINDS = 12;
const PROCESSES = 6;
const ROWS = 8;
const TREES = 4;
/** Remarks on a thread that are shown. */
const NOTES = 2;

/** Who waits for what, when no rule has a better answer: first who waits for whom, then all others. */
export function drawWaits(diagnosis: Diagnosis, page: Page): string[] {
  const { capture, verdict } = diagnosis;
  const all = verdict === 'healthy' ? [] : drawTrees(diagnosis, page, page.verbose ? Number.POSITIVE_INFINITY : ROWS);
  const trees = page.verbose ? all : all.slice(0, TREES);
  const told = new Set(trees.flatMap(({ threads }) => [...threads]));
  const blocks = capture.processes.map((process) => drawProcessWaits(process, told, diagnosis, page));
  const shown = page.verbose ? blocks : blocks.slice(0, PROCESSES);
  const left = blocks.length - shown.length;
  const drawn = [
    ...trees.flatMap(({ lines }) => [...lines, '']),
    ...(all.length > trees.length ? [`  and ${all.length - trees.length} more such groups (-v shows them)`, ''] : []),
  ];
  const rest = [
    ...shown.flatMap(({ head, lines }) => (capture.processes.length > 1 ? [head, ...lines] : lines)),
    ...(left > 0 ? [`  and ${left} more processes (-v shows them)`] : []),
    '',
    ...(verdict === 'healthy' ? [] : drawExclusions(diagnosis, page)),
  ];
  return capture.processes.length > 1 ? [...drawn, ...rest] : [...shown.map(({ head }) => head), ...drawn, ...rest];
}

interface ProcessBlock {
  readonly head: string;
  readonly lines: readonly string[];
}

function drawProcessWaits(
  process: Process,
  told: ReadonlySet<unknown>,
  { verdict }: Diagnosis,
  page: Page,
): ProcessBlock {
  const rest = process.threads.filter((thread) => !told.has(thread));
  const resting = rest.filter(({ role }) => role === 'idle' && !page.verbose);
  const others = rest.filter((thread) => !resting.includes(thread));
  // Threads at work last: where others wait, these are rarely the reason.
  const ordered = [
    ...others.filter(({ role }) => role !== 'working'),
    ...others.filter(({ role }) => role === 'working'),
  ];
  const kinds = [...groupThreads(ordered).entries()];
  const shown = page.verbose ? kinds : kinds.slice(0, KINDS);
  const left = kinds.length - shown.length;
  // The title of a healthy report has counted them.
  const idle =
    verdict === 'healthy' || resting.length === 0 ? [] : hang('    ', page.say(countKinds(resting)), page.width, 6);
  const lines = [
    ...shown.flatMap(([says, threads]) => drawKind(says, threads, page)),
    ...(left > 0 ? [`    and ${left} more kinds of threads (-v shows them)`] : []),
    ...idle,
  ];
  return {
    head: `  ${page.dim(describeProcess(process, page.width - 2, page))}`,
    lines: lines.length > 0 ? [...lines, ''] : [],
  };
}

function drawKind(says: string, threads: readonly Thread[], page: Page): string[] {
  const names = listThreads(threads);
  return hang('    ', page.say(`${names}: ${says}`), page.width, 6);
}

function groupThreads(threads: readonly Thread[]): Map<string, Thread[]> {
  const groups = new Map<string, Thread[]>();
  for (const thread of threads) {
    const says = describeThread(thread);
    const group = groups.get(says);
    if (group === undefined) groups.set(says, [thread]);
    else group.push(thread);
  }
  return groups;
}

/** "waits for data to read in recv(), without a timeout; your code: fetch_chunk (sync/mirror.py:210)" */
function describeThread(thread: Thread): string {
  const { wait, frames, activity, gil, progress, idleAs } = thread;
  const [innermost] = frames;
  const state = wait?.says ?? (innermost === undefined ? 'shows no frames' : `is in ${inWords(innermost)}`);
  const own = frames.find((frame) => isUserCode(frame));
  const facts = [
    ...(idleAs === undefined ? [] : [idleAs]),
    state,
    ...(wait === undefined && activity === 'active' ? ['active'] : []),
    ...(gil === 'holds' ? ['holds the GIL'] : []),
    ...(progress === 'moving' ? ['moves between the dumps'] : []),
    ...(progress === 'spinning' ? ['at work in this call in all dumps'] : []),
    ...notesBesideStack(thread).slice(0, NOTES),
  ];
  const mine = own === undefined || (wait === undefined && own === innermost) ? '' : `; your code: ${inWords(own)}`;
  return `${facts.join(', ')}${mine}`;
}

function inWords(frame: Frame): string {
  const place = placeOf(frame);
  return place === '' ? nameFunction(frame) : `${nameFunction(frame)} (${place})`;
}

/** "Excluded  lock cycle (no thread waits for a lock), the GIL (nobody waits for it)", "Not seen  waits for the GIL" */
function drawExclusions(diagnosis: Diagnosis, page: Page): string[] {
  const { excluded, unseen } = findExclusions(diagnosis);
  return [
    ...(excluded.length > 0 ? drawLabelled('Excluded', excluded.join(', '), page) : []),
    ...(unseen.length > 0 ? drawLabelled('Not seen', `${unseen.join(', ')}: this dump cannot show them`, page) : []),
  ];
}
