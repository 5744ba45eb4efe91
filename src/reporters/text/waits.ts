import { isUserCode } from '../../frames/user-code.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import type { Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';
import { drawStep } from './advice.ts';
import { describeProcess } from './headline.ts';
import { hang } from './layout.ts';
import type { Page } from './page.ts';
import { listThreads, nameFunction, placeOf } from './threads.ts';

/** Kinds of threads to list for each process, and processes to list. */
const KINDS = 12;
const PROCESSES = 6;

/** Who waits for what, when no rule has a better answer. */
export function drawWaits({ capture }: Diagnosis, page: Page): string[] {
  const shown = page.verbose ? capture.processes : capture.processes.slice(0, PROCESSES);
  const left = capture.processes.length - shown.length;
  return [
    ...shown.flatMap((process) => drawProcessWaits(process, page)),
    ...(left > 0 ? [`  and ${left} more processes (-v shows them)`, ''] : []),
  ];
}

function drawProcessWaits(process: Process, page: Page): string[] {
  const kinds = [...groupThreads(process.threads).entries()];
  const shown = page.verbose ? kinds : kinds.slice(0, KINDS);
  const left = kinds.length - shown.length;
  return [
    `  ${page.dim(describeProcess(process, page.width - 2, page))}`,
    ...shown.flatMap(([says, threads]) => drawKind(says, threads, page)),
    ...(left > 0 ? [`    and ${left} more kinds of threads (-v shows them)`] : []),
    '',
  ];
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
function describeThread({ wait, frames, activity, gil, progress }: Thread): string {
  const [innermost] = frames;
  const state = wait?.says ?? (innermost === undefined ? 'shows no frames' : `is in ${inWords(innermost)}`);
  const own = frames.find((frame) => isUserCode(frame));
  const facts = [
    state,
    ...(wait === undefined && activity === 'active' ? ['active'] : []),
    ...(gil === 'holds' ? ['holds the GIL'] : []),
    ...(progress === 'moving' ? ['moves between the dumps'] : []),
  ];
  const mine = own === undefined || (wait === undefined && own === innermost) ? '' : `; your code: ${inWords(own)}`;
  return `${facts.join(', ')}${mine}`;
}

function inWords(frame: Frame): string {
  const place = placeOf(frame);
  return place === '' ? nameFunction(frame) : `${nameFunction(frame)} (${place})`;
}

/** What to capture next: first what the tools so far could not show, then a second moment. */
export function drawNext({ capture, verdict }: Diagnosis, page: Page): string[] {
  const [process] = capture.processes;
  if (process === undefined) return [];
  const pid = process.pid ?? 'PID';
  const views = capture.processes.flatMap(({ threads }) => threads.map(({ view }) => view));
  const steps: (readonly [string, string])[] = [];
  // Of a process that is well, only one question is left: whether it stays so.
  if (verdict !== 'healthy') {
    if (!views.some(({ python }) => python))
      steps.push(['see the Python frames:', `py-spy dump --pid ${pid} > py-spy.txt`]);
    if (!views.some(({ interpreter }) => interpreter))
      steps.push(['see the C frames:', `gdb -p ${pid} -batch -ex 'thread apply all bt' > gdb.txt`]);
    if (steps.length === 0 && capture.moments > 1)
      steps.push(['see what is on the other end of its connections:', `ss -tnp | grep pid=${pid},`]);
  }
  if (capture.moments < 2)
    steps.push(['see whether it moves: dump again some seconds later, and give both', 'whyhung first.txt second.txt']);
  return steps.flatMap(([text, command], index) => drawStep(index === 0 ? 'Next' : '', text, command, page, 9));
}
