import type { Frame } from '../model/frame.ts';
import type { Progress, Thread } from '../model/thread.ts';
import type { Sighting } from './sightings.ts';

/** Sightings of one process at about one time, one for each eye. */
export type Moment = readonly Sighting[];

/** Sorts sightings of one process into moments: the second dump of an eye begins the second moment. */
export function splitMoments(sightings: readonly Sighting[]): Moment[] {
  const moments: Sighting[][] = [];
  const byEye = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const before = byEye.get(sighting.eye) ?? [];
    byEye.set(sighting.eye, before);
    const last = before.at(-1);
    if (last !== undefined && areParts(last, sighting)) {
      const joined = joinParts(last, sighting);
      before.splice(-1, 1, joined);
      const moment = moments[before.length - 1] ?? [];
      moment.splice(moment.indexOf(last), 1, joined);
      continue;
    }
    before.push(sighting);
    const moment = moments[before.length - 1] ?? [];
    moments[before.length - 1] = moment;
    moment.push(sighting);
  }
  return moments;
}

/** Dumps that show different threads are parts of one: somebody typed `thread 2`, `bt`, `thread 3`, `bt`. */
function areParts(one: Sighting, other: Sighting): boolean {
  const ids = new Set(one.process.threads.map(({ id }) => id));
  return !ids.has('') && other.process.threads.every(({ id }) => id !== '' && !ids.has(id));
}

function joinParts(one: Sighting, other: Sighting): Sighting {
  const { process } = one;
  return {
    ...one,
    process: {
      ...process,
      pid: process.pid ?? other.process.pid,
      threads: [...process.threads, ...other.process.threads],
    },
  };
}

/** The moment to show: the one that most eyes saw, and of equal ones the latest. */
export function bestMoment(moments: readonly Moment[]): Moment {
  let best: Moment = moments[0] ?? [];
  for (const moment of moments) if (moment.length >= best.length) best = moment;
  return best;
}

/**
 * Compares the stacks of one eye over the moments, thread by thread.
 * Keys of the result are the thread's ids; native and pthread ids both lead to it.
 */
export function progressOf(sightings: readonly Sighting[]): Map<string, Progress> {
  const progress = new Map<string, Progress>();
  // The kernel's stack comes last: waiting for the GIL, for example, is a round of short waits in the kernel.
  const eyes = [...new Set(sightings.map((sighting) => sighting.eye))];
  const [kernel, others] = [eyes.filter(isKernels), eyes.filter((eye) => !isKernels(eye))];
  for (const eye of [...others, ...kernel]) {
    const seen = new Map<string, Thread[]>();
    for (const { process } of sightings.filter((sighting) => sighting.eye === eye)) {
      for (const thread of process.threads) {
        const known = seen.get(thread.id);
        if (known === undefined) seen.set(thread.id, [thread]);
        else known.push(thread);
      }
    }
    for (const threads of seen.values()) {
      // Without a stack there is nothing to compare.
      if (threads.length < 2 || threads.every(({ frames }) => frames.length === 0)) continue;
      const isTold = threads.some((thread) => progressKeys(thread).some((key) => progress.has(key)));
      if (isTold && isKernels(eye)) continue;
      const found = compareStacks(threads);
      for (const thread of threads)
        for (const key of progressKeys(thread))
          if (found !== undefined && progress.get(key) !== 'moving') progress.set(key, found);
    }
  }
  return progress;
}

function isKernels(eye: string): boolean {
  return /^(?:proc|kernel-hung-task) /.test(eye);
}

export function progressKeys({ id, nativeId, pthreadId }: Thread): string[] {
  return [
    ...(nativeId === undefined ? [] : [`task ${nativeId}`]),
    ...(pthreadId === undefined ? [] : [`pthread ${pthreadId}`]),
    `id ${id}`,
  ];
}

/** Undefined where the stacks differ, but by so little that a loop without an end would look the same. */
function compareStacks(threads: readonly Thread[]): Progress | undefined {
  const [first, ...rest] = threads.map(stackKey);
  if (rest.some((key) => key !== first)) {
    if (!circles(threads)) return 'moving';
    return threads.every((thread) => isBusy(thread) && isLoopsStep(thread)) ? 'spinning' : undefined;
  }
  // The same line at work at every moment is no wait. py-spy's word alone proves little: see FORMATS of py-spy.
  return threads.every(isBusy) ? 'spinning' : 'stuck';
}

function isBusy({ activity, gil }: Thread): boolean {
  return activity === 'active' && gil === 'holds';
}

/** At work in one and the same call of one function at every moment, as far as its callers tell. */
function circles(threads: readonly Thread[]): boolean {
  if (!threads.every(({ activity }) => activity === 'active')) return false;
  const [first, ...rest] = threads.map(
    ({ frames: [innermost, ...outer] }) => `${innermost?.function}\0${outer.map(frameKey).join('\n')}`,
  );
  return rest.every((key) => key === first);
}

/** A coroutine that the event loop called: while it is at work itself and not in a call, it has not given control back. */
function isLoopsStep({ frames: [, caller] }: Thread): boolean {
  return caller?.function === '_run' && caller.file?.endsWith('asyncio/events.py') === true;
}

/** Addresses differ between bare frames of one function only by chance of unwinding; lines and names tell movement. */
function stackKey({ frames }: Thread): string {
  return frames.map(frameKey).join('\n');
}

function frameKey({ function: name, file, line }: Frame): string {
  return `${name}\0${file}\0${line}`;
}
