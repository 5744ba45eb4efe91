import type { Diagnosis, Hypothesis, Verdict } from '../../model/diagnosis.ts';
import type { Process } from '../../model/process.ts';
import type { Progress } from '../../model/thread.ts';
import { cutMiddle, hang } from './layout.ts';
import type { Page } from './page.ts';
import type { Witness } from './threads.ts';
import { widthOf } from './width.ts';

export function paintVerdict(verdict: Verdict, page: Page): string {
  const paint = { hang: page.red, suspect: page.yellow, healthy: page.green, unknown: page.yellow }[verdict];
  return page.bold(paint(verdict.toUpperCase()));
}

/** "HANG  certain   a finalizer is stuck …" */
export function drawHeadline(verdict: Verdict, hypothesis: Hypothesis, page: Page): string[] {
  const { confidence, title } = hypothesis;
  const plain = `${verdict.toUpperCase()}  ${confidence}   `;
  const [first = '', ...rest] = hang(plain, page.say(title), page.width, page.width < 50 ? 4 : plain.length);
  return [
    `${paintVerdict(verdict, page)}  ${confidence}   ${page.bold(first.slice(plain.length))}`,
    ...rest.map((line) => page.bold(line)),
  ];
}

/** "process 9954  python train.py  (Python 3.7.16)", and below or beside it how it was seen. */
export function drawProcess(
  process: Process | undefined,
  witnesses: readonly Witness[],
  { capture }: Diagnosis,
  page: Page,
  library?: string | undefined,
): string[] {
  const indent = page.width < 50 ? '  ' : '      ';
  const seen = page.say(describeCapture(capture, witnesses));
  if (process === undefined) return [`${indent}${page.dim(seen)}`];
  const room = page.width - indent.length;
  const who = describeProcess(process, room, page, library);
  const all = capture.processes.length > 1 ? `, one of ${capture.processes.length} processes` : '';
  const line = `${who}   ${seen}${all}`;
  if (widthOf(line) <= room) return [`${indent}${page.dim(line)}`];
  return [`${indent}${page.dim(who)}`, ...hang(indent, `${seen}${all}`, page.width).map(page.dim)];
}

/** The command gives way when the line is too long: pid and version are what is needed next. */
export function describeProcess(
  { pid, command, pythonVersion, origin, packages }: Process,
  room: number,
  page: Page,
  library?: string | undefined,
): string {
  const head = page.say(`process ${pid ?? 'of unknown number'}${origin === undefined ? '' : ` on ${origin}`}`);
  const installed = packages?.find(({ name }) => name === library);
  const versions = [
    ...(pythonVersion === undefined ? [] : [`Python ${pythonVersion}`]),
    ...(installed === undefined ? [] : [`${installed.name} ${installed.version}`]),
  ];
  const tail = versions.length === 0 ? '' : page.say(`  (${versions.join(', ')})`);
  if (command === undefined || command === '') return cutMiddle(`${head}${tail}`, room, page);
  const left = room - widthOf(head) - widthOf(tail) - 2;
  if (left < 10) return cutMiddle(`${head}${tail}`, room, page);
  return `${head}  ${cutMiddle(page.say(shortenCommand(command)), left, page)}${tail}`;
}

/** "/usr/bin/python3 train.py" is "python3 train.py": the folder of the interpreter rarely matters. */
function shortenCommand(command: string): string {
  return command.replace(/^\S*\/(?=[^\s/])/, '');
}

/** "py-spy + gdb, 2 moments: no movement" */
function describeCapture({ tools, moments }: Diagnosis['capture'], witnesses: readonly Witness[]): string {
  const sources = tools.length === 0 ? 'no dump' : tools.join(' + ');
  if (moments < 2) return `${sources}, 1 moment`;
  const progress = new Set(witnesses.flatMap(({ thread }) => thread?.progress ?? []));
  const [only] = progress;
  return `${sources}, ${moments} moments${progress.size === 1 && only !== undefined ? `: ${PROGRESS[only]}` : ''}`;
}

const PROGRESS: Readonly<Record<Progress, string>> = {
  stuck: 'no movement',
  moving: 'it moves',
  spinning: 'the same work at full speed',
};
