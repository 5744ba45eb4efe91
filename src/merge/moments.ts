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
