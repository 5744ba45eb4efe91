import type { FrameKnowledge } from '../frames/known-frame.ts';
import type { Capture } from '../model/capture.ts';
import type { Dump } from '../model/dump.ts';
import type { Process } from '../model/process.ts';
import type { Progress, Thread } from '../model/thread.ts';
import { mergeThread } from './merge-thread.ts';
import { bestMoment, progressKeys, progressOf, splitMoments } from './moments.ts';
import { groupByProcess, type Sighting, toSightings } from './sightings.ts';
import { joinThreads } from './threads.ts';

/** Makes one capture of all dumps: each real process once, each of its threads once, with one stack. */
export function mergeDumps(dumps: readonly Dump[], knowledge: FrameKnowledge): Capture {
  const groups = groupByProcess(toSightings(dumps));
  const merged = groups.map((sightings) => mergeProcess(sightings, knowledge));
  return {
    processes: merged.map(({ process }) => process),
    tools: [...new Set(dumps.map(({ tool }) => tool))],
    moments: merged.reduce((most, { moments }) => Math.max(most, moments), 1),
  };
}

function mergeProcess(
  sightings: readonly Sighting[],
  knowledge: FrameKnowledge,
): { process: Process; moments: number } {
  const moments = splitMoments(sightings);
  const progress = moments.length > 1 ? progressOf(sightings) : new Map<string, Progress>();
  const seen = joinThreads(bestMoment(moments).map(({ process }) => process.threads));
  const threads = seen
    .flatMap((sighted) => mergeThread(sighted, knowledge) ?? [])
    .map((thread) => withProgress(thread, progress));
  const known = sightings.map(({ process }) => process);
  const [first] = known;
  if (first === undefined) throw new Error('a process was seen by nobody');
  const process = {
    ...first,
    pid: known.find(({ pid }) => pid !== undefined)?.pid,
    parentPid: known.find(({ parentPid }) => parentPid !== undefined)?.parentPid,
    command: known.find(({ command }) => command !== undefined)?.command,
    pythonVersion: known.find(({ pythonVersion }) => pythonVersion !== undefined)?.pythonVersion,
    executable: known.find(({ executable }) => executable !== undefined)?.executable,
    packages: known.find(({ packages }) => packages !== undefined)?.packages,
    threads,
  };
  return { process, moments: moments.length };
}

function withProgress(thread: Thread, progress: ReadonlyMap<string, Progress>): Thread {
  const found = progressKeys(thread)
    .map((key) => progress.get(key))
    .find((one) => one !== undefined);
  return found === undefined ? thread : { ...thread, progress: found };
}
