import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import type { Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';
import { drawStep } from './advice.ts';
import type { Page } from './page.ts';

/** A thing to do, and the command that does it. */
type Step = readonly [text: string, command: string];

const STEPS = 2;

/** What to capture next: what the tools so far could not show, a second moment, then what the waits themselves ask for. */
export function drawNext(diagnosis: Diagnosis, page: Page): string[] {
  const { capture, verdict } = diagnosis;
  // What is left to ask of a process that is well stands below its title.
  if (capture.processes.length === 0 || verdict === 'healthy') return [];
  const steps = [
    ...missingViews(capture.processes),
    ...family(capture.processes),
    ...secondMoment(diagnosis),
    ...askedFor(diagnosis),
  ];
  return steps
    .slice(0, STEPS)
    .flatMap(([text, command], index) => drawStep(index === 0 ? 'Next' : '', text, command, page, 9));
}

function missingViews(processes: readonly Process[]): Step[] {
  const unseenBy = (view: 'python' | 'interpreter'): Process | undefined =>
    processes.find(({ threads }) => threads.length > 0 && !threads.some((thread) => thread.view[view]));
  const [noPython, noC] = [unseenBy('python'), unseenBy('interpreter')];
  const steps: Step[] = [];
  if (noPython !== undefined)
    steps.push(['see the Python frames:', `py-spy dump --pid ${noPython.pid ?? 'PID'} > py-spy.txt`]);
  if (noC !== undefined)
    steps.push(['see the C frames:', `gdb -p ${noC.pid ?? 'PID'} -batch -ex 'thread apply all bt' > gdb.txt`]);
  return steps;
}

/** One worker alone: its siblings and the process that started it may be what waits, or what is waited for. */
function family([process, ...others]: readonly Process[]): Step[] {
  if (process === undefined || others.length > 0) return [];
  const isWorker = process.threads.some(({ frames }) => frames.some(startsWorker));
  if (!isWorker || process.pid === undefined) return [];
  return [
    [
      'see the process that started it, and its other workers:',
      `py-spy dump --subprocesses --pid $(ps -o ppid= -p ${process.pid})`,
    ],
  ];
}

function startsWorker({ function: name, file }: Frame): boolean {
  return name === '_bootstrap' && /(?:multiprocess(?:ing)?|billiard)[\\/]process\.py$/.test(file ?? '');
}

function secondMoment({ capture }: Diagnosis): Step[] {
  if (capture.moments > 1) return [];
  return [['see whether it moves: dump again some seconds later, and give both', 'whyhung first.txt second.txt']];
}

/** By what the threads wait for that nobody in the capture explains. */
function askedFor({ capture, waits }: Diagnosis): Step[] {
  const held = new Set(waits.edges.filter(({ kind }) => kind === 'held-by').map(({ from }) => from));
  const unheld = new Set(
    waits.edges.filter(({ kind, to }) => kind === 'wants' && !held.has(to)).map(({ from }) => from.split(' of ')[0]),
  );
  const awaited = new Set(
    waits.edges.filter(({ kind }) => kind === 'awaits-child').map(({ from }) => from.split(' of ')[0]),
  );
  const asked = capture.processes.flatMap((process) =>
    process.threads
      .filter(({ role }) => role !== 'idle')
      .map((thread) => {
        const node = `thread ${thread.id}`;
        return stepFor(thread, process, { unheld: unheld.has(node), child: awaited.has(node) });
      })
      .filter((step) => step !== undefined),
  );
  // The same question is asked once, for the first who has it.
  return [...new Map(asked.map((step) => [step[0], step])).values()];
}

interface Known {
  /** Whether nobody is known to hold the lock that the thread wants. */
  readonly unheld: boolean;
  /** Whether the child that the thread waits for is in the capture. */
  readonly child: boolean;
}

function stepFor(thread: Thread, { pid }: Process, known: Known): Step | undefined {
  const id = pid ?? 'PID';
  if (thread.progress === 'spinning')
    return ['see where it spends its time:', `py-spy record -d 10 -f raw -o profile.txt --pid ${id}`];
  switch (thread.wait?.kind) {
    case 'lock':
      if (!known.unheld) return undefined;
      return thread.wait.frames.some((index) => isPythons(thread.frames[index]))
        ? ['see which object the lock belongs to:', `py-spy dump --locals --pid ${id}`]
        : ['see who owns the lock:', `gdb -p ${id} -batch -ex 'thread apply all -s frame apply all -s p *mutex'`];
    case 'file-lock':
      return ['see who holds the lock:', 'cat /proc/locks'];
    case 'read':
    case 'write':
    case 'connect':
      return ['see what it is connected to:', `lsof -nP -p ${id}`];
    case 'child':
      if (known.child) return undefined;
      return ['see what the child does:', `py-spy dump --subprocesses --pid ${id}`];
    case 'condition':
    case 'semaphore':
      return thread.frames.some(({ arguments: given, locals }) => given.length + locals.length > 0)
        ? undefined
        : ['see what the objects are that it waits with:', `py-spy dump --locals --pid ${id}`];
    // Nobody at work has the GIL, or nobody at work is seen: the process may not be running at all.
    case 'gil':
    case undefined:
      return thread.activity === undefined && thread.view.native && thread.frames.length > 0
        ? ['see whether it runs, is stopped (T), or waits for a disk (D):', `ps -L -o tid,stat,wchan:20 -p ${id}`]
        : undefined;
    default:
      return undefined;
  }
}

/** A lock of Python is a semaphore or a futex to the debugger, and has no owner. */
function isPythons(frame: Frame | undefined): boolean {
  return frame?.language === 'python' || /Py|lock_acquire/.test(frame?.function ?? '');
}
