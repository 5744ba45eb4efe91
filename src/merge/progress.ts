import type { Category } from '../frames/categories.ts';
import type { FrameKnowledge } from '../frames/known-frame.ts';
import type { Frame } from '../model/frame.ts';
import type { Progress, Thread } from '../model/thread.ts';
import type { Sighting } from './sightings.ts';

/** What one eye says of a thread. */
interface Opinion {
  readonly progress: Progress;
  /** Whether the eye sees lines of Python: then it knows better than one that sees the interpreter's loop only. */
  readonly seesPython: boolean;
  /** Whether the eye sees the kernel's side only: a wait for the GIL, for example, is a round of short waits there. */
  readonly seesKernelOnly: boolean;
}

/**
 * Compares what each eye saw of a thread over the moments. Keys of the result are the thread's ids; native and pthread ids
 * both lead to it.
 */
export function progressOf(sightings: readonly Sighting[], knowledge: FrameKnowledge): Map<string, Progress> {
  const opinions = new Map<string, Opinion[]>();
  for (const eye of new Set(sightings.map((sighting) => sighting.eye))) {
    const seen = new Map<string, Thread[]>();
    for (const { process } of sightings.filter((sighting) => sighting.eye === eye)) {
      for (const thread of process.threads) {
        const known = seen.get(thread.id);
        if (known === undefined) seen.set(thread.id, [thread]);
        else known.push(thread);
      }
    }
    for (const threads of seen.values()) {
      const opinion = threads.length < 2 ? undefined : compare(threads, knowledge, isKernels(eye));
      if (opinion === undefined) continue;
      for (const key of new Set(threads.flatMap(progressKeys))) {
        const known = opinions.get(key);
        if (known === undefined) opinions.set(key, [opinion]);
        else known.push(opinion);
      }
    }
  }
  return new Map([...opinions].map(([key, known]) => [key, conclude(known)]));
}

export function progressKeys({ id, nativeId, pthreadId }: Thread): string[] {
  return [
    ...(nativeId === undefined ? [] : [`task ${nativeId}`]),
    ...(pthreadId === undefined ? [] : [`pthread ${pthreadId}`]),
    `id ${id}`,
  ];
}

/** Less is what waking up now and then costs. */
const BUSY_TICKS = 20;

function isKernels(eye: string): boolean {
  return /^(?:proc|kernel-hung-task) /.test(eye);
}

function conclude(all: readonly Opinion[]): Progress {
  const counted = all.filter(({ seesKernelOnly, progress }) => !seesKernelOnly || progress === 'spinning');
  const opinions = counted.length === 0 ? all : counted;
  const has = (wanted: Progress, sees?: boolean): boolean =>
    opinions.some(({ progress, seesPython }) => progress === wanted && (sees === undefined || seesPython === sees));
  if (has('moving', true)) return 'moving';
  if (has('spinning', true)) return 'spinning';
  if (has('moving')) return 'moving';
  return has('spinning') ? 'spinning' : 'stuck';
}

function compare(threads: readonly Thread[], knowledge: FrameKnowledge, seesKernelOnly: boolean): Opinion | undefined {
  const ticks = threads.flatMap((thread) => thread.ticks ?? []);
  // The kernel's own count says more than one glance at where the thread is.
  if (ticks.length === threads.length && Math.max(...ticks) - Math.min(...ticks) >= BUSY_TICKS)
    return { seesPython: false, seesKernelOnly, progress: 'spinning' };
  if (threads.every(({ frames }) => frames.length === 0)) return undefined;
  const python = threads.map(({ frames }) => frames.filter(({ language }) => language === 'python'));
  const seesPython = python.every((frames) => frames.length > 0);
  const progress = seesPython ? compareSeen(threads, python, knowledge) : compareNative(threads, knowledge);
  return progress === undefined ? undefined : { seesPython, seesKernelOnly, progress };
}

/**
 * Where Python is seen, its lines tell: the native frames below one line may be anywhere in the same call. Undefined where
 * a long computation and a loop without an end would look the same.
 */
function compareSeen(
  threads: readonly Thread[],
  python: readonly (readonly Frame[])[],
  knowledge: FrameKnowledge,
): Progress | undefined {
  const [first = [], ...rest] = python;
  if (rest.some((frames) => linesOf(frames.slice(1)) !== linesOf(first.slice(1)))) return 'moving';
  if (rest.some((frames) => namesOf(frames.slice(0, 1)) !== namesOf(first.slice(0, 1)))) return 'moving';
  // At work in the same call at every moment: no wait, and no step out of it either.
  const atWork = threads.every((thread) => thread.activity === 'active' && !waits(thread, knowledge));
  const sameLine = rest.every((frames) => linesOf(frames) === linesOf(first));
  if (atWork) return atWorkAt(threads, sameLine, python.every(isLoopsStep));
  if (!sameLine) return 'moving';
  return sameNative(threads) || threads.some((thread) => waits(thread, knowledge)) ? 'stuck' : 'spinning';
}

/** Who computes in native code without the GIL may rightly be on one line of Python for hours; seen there, its calls tell. */
function atWorkAt(threads: readonly Thread[], sameLine: boolean, loopsStep: boolean): Progress | undefined {
  if (threads.every(({ gil }) => gil === 'holds')) return sameLine || loopsStep ? 'spinning' : undefined;
  return sameLine && threads.every(({ view }) => view.native) ? 'stuck' : undefined;
}

/** A coroutine that the event loop called: while it is at work itself and not in a call, it has not given control back. */
function isLoopsStep([, caller]: readonly Frame[]): boolean {
  return caller?.function === '_run' && caller.file?.endsWith('asyncio/events.py') === true;
}

function compareNative(threads: readonly Thread[], knowledge: FrameKnowledge): Progress {
  if (sameNative(threads)) return 'stuck';
  const [first, ...rest] = threads.map(({ frames }) => namesOf(frames));
  if (rest.some((names) => names !== first)) return 'moving';
  return threads.some((thread) => waits(thread, knowledge)) ? 'moving' : 'spinning';
}

function sameNative(threads: readonly Thread[]): boolean {
  const [first, ...rest] = threads.map(({ frames }) => linesOf(frames));
  return rest.every((lines) => lines === first);
}

/** Addresses differ between bare frames of one function only by chance of unwinding; lines and names tell movement. */
function linesOf(frames: readonly Frame[]): string {
  return frames.map((frame) => `${frame.function}\0${frame.file}\0${frame.line}`).join('\n');
}

function namesOf(frames: readonly Frame[]): string {
  return frames.map((frame) => `${frame.function}\0${frame.file}`).join('\n');
}

const WAITS: readonly Category[] = [
  'lock-wait',
  'condition-wait',
  'semaphore-wait',
  'gil-wait',
  'poll',
  'read',
  'write',
  'connect',
  'accept',
  'dns',
  'child-wait',
  'thread-join',
  'sleep',
  'futex',
  'file-lock',
  'device-sync',
];

/** Whether the innermost call that has a name is a wait. */
function waits({ frames }: Thread, knowledge: FrameKnowledge): boolean {
  for (const frame of frames) {
    const { categories, plumbing, unnamed } = knowledge.lookUp(frame);
    if (WAITS.some((category) => categories.has(category))) return true;
    if (!plumbing && !unnamed) return false;
  }
  return false;
}
