import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Process } from '../../model/process.ts';
import { defineReporter, type RenderOptions } from '../reporter.ts';
import { paintVerdict } from './headline.ts';
import { drawHypothesis, drawShortly } from './hypothesis.ts';
import { countKinds } from './idle-kinds.ts';
import { hang } from './layout.ts';
import { drawNext } from './next.ts';
import { makePage, type Page } from './page.ts';
import { drawWaits } from './waits.ts';
import { drawWarnings } from './warnings.ts';

/** For a person: the answer first, then the proof, then what to do. */
export default defineReporter({
  format: 'text',
  extension: 'txt',
  title: 'for reading in a terminal or in a log',
  render,
});

export function render(diagnosis: Diagnosis, options: RenderOptions): string {
  const page = makePage(options);
  const blocks = [...drawAnswer(diagnosis, page), drawWarnings(diagnosis.warnings, page)];
  const lines = blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  return `${joinLines(lines)}\n`;
}

/** How many hypotheses are told after the first, each in a few lines. */
const SHORT = 2;

function drawAnswer(diagnosis: Diagnosis, page: Page): string[][] {
  const [first, ...others] = diagnosis.hypotheses;
  if (first === undefined) return [drawUnexplained(diagnosis, page)];
  if (page.verbose) return diagnosis.hypotheses.map((one) => drawHypothesis(one, diagnosis, page));
  const left = others.slice(SHORT);
  return [
    drawHypothesis(first, diagnosis, page),
    ...others.slice(0, SHORT).map((one) => drawShortly(one, diagnosis, page)),
    left.length > 0
      ? hang('', `and ${left.length} more: ${left.map(({ rule }) => rule).join(', ')} (-v tells them all)`, page.width)
      : [],
  ];
}

function drawUnexplained(diagnosis: Diagnosis, page: Page): string[] {
  const { verdict, capture } = diagnosis;
  const seen = capture.processes.some(({ threads }) => threads.length > 0);
  const says = page.say(seen ? titleOf(diagnosis) : 'no dump was found in the input');
  const plain = `${verdict.toUpperCase()}  `;
  const [head = '', ...rest] = hang(plain, says, page.width, page.width < 50 ? 4 : plain.length);
  const title = [`${paintVerdict(verdict, page)}  ${page.bold(head.slice(plain.length))}`, ...rest.map(page.bold)];
  if (!seen) return title;
  const caveat = verdict === 'healthy' ? drawCaveat(diagnosis, plain.length, page) : [];
  return [...title, ...caveat, '', ...drawWaits(diagnosis, page), ...drawNext(diagnosis, page)];
}

/** "nothing hangs in this dump: 1 server waiting for requests, 8 idle executor workers" */
function titleOf({ verdict, capture: { processes, moments } }: Diagnosis): string {
  const unknown = 'no known signature fits; here is who waits for what';
  if (verdict === 'hang') return `it hangs, and ${unknown}`;
  if (verdict !== 'healthy') return unknown;
  const idle = processes.flatMap(({ threads }) => threads.filter(({ role }) => role === 'idle'));
  const counts = idle.length > 0 ? `: ${countKinds(idle)}` : '';
  return `nothing hangs in ${moments > 1 ? 'these dumps' : 'this dump'}${counts}`;
}

/** What a healthy dump leaves open. */
function drawCaveat({ capture: { processes, moments } }: Diagnosis, indent: number, page: Page): string[] {
  const alone = processes.find((one) => isParent(one) && !processes.some(({ parentPid }) => parentPid === one.pid));
  const worker = processes.find((one) => isWorker(one) && !processes.some(({ pid }) => pid === one.parentPid));
  const texts = [
    ...(worker === undefined
      ? []
      : [
          `Who waits for an answer of it is its parent: py-spy dump --subprocesses --pid $(ps -o ppid= -p ${worker.pid ?? 'PID'})`,
        ]),
    ...(alone === undefined
      ? []
      : [`Its workers are processes of their own: py-spy dump --subprocesses --pid ${alone.pid ?? 'PID'}`]),
    ...(moments > 1
      ? []
      : ['One dump cannot rule out a hang elsewhere; two, some seconds apart, can: whyhung first.txt second.txt']),
  ];
  return texts.flatMap((text) => hang(' '.repeat(page.width < 50 ? 4 : indent), text, page.width));
}

/** Parents that only look after their workers: that they rest says nothing of those. */
function isParent({ threads }: Process): boolean {
  return threads.some(({ idleAs }) => idleAs !== undefined && PARENTS.has(idleAs));
}

const PARENTS: ReadonlySet<string> = new Set(['celery worker at rest', 'gunicorn arbiter', 'uwsgi master']);

/** A worker at rest may have done its part of a job whose other parts never come. */
function isWorker({ threads }: Process): boolean {
  return threads.some(({ idleAs }) => idleAs !== undefined && WORKERS.has(idleAs));
}

const WORKERS: ReadonlySet<string> = new Set(['idle process pool worker', 'data loader worker waiting for work']);

/** No blank line twice in a row, and none at the end. */
function joinLines(lines: readonly string[]): string {
  return lines
    .filter((line, index) => line !== '' || lines[index - 1] !== '')
    .join('\n')
    .trimEnd();
}
