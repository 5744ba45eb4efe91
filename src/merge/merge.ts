import type { FrameKnowledge } from '../frames/known-frame.ts';
import type { Capture } from '../model/capture.ts';
import type { Dump } from '../model/dump.ts';
import type { Process } from '../model/process.ts';
import type { Progress, Thread } from '../model/thread.ts';
import { mergeThread } from './merge-thread.ts';
import { bestMoment, splitMoments } from './moments.ts';
import { progressKeys, progressOf } from './progress.ts';
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
  const progress = moments.length > 1 ? progressOf(sightings, knowledge) : new Map<string, Progress>();
  const best = bestMoment(moments);
  const seen = joinThreads(best.map(({ process }) => process.threads));
  const elsewhere = byKey(moments.filter((moment) => moment !== best).flat());
  const threads = seen
    .flatMap((sighted) => mergeThread(sighted, sameThread(sighted, elsewhere), knowledge) ?? [])
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
    forked: known.find(({ forked }) => forked !== undefined)?.forked,
    packages: known.find(({ packages }) => packages !== undefined)?.packages,
    threads,
    fileLocks: known.flatMap(({ fileLocks }) => fileLocks ?? []),
    files: known.findLast(({ files }) => files !== undefined)?.files,
  };
  return { process, moments: moments.length };
}

function byKey(sightings: readonly Sighting[]): ReadonlyMap<string, Thread[]> {
  const threads = new Map<string, Thread[]>();
  for (const thread of sightings.flatMap(({ process }) => process.threads)) {
    const [key = ''] = progressKeys(thread);
    const known = threads.get(key);
    if (known === undefined) threads.set(key, [thread]);
    else known.push(thread);
  }
  return threads;
}

function sameThread(seen: readonly Thread[], elsewhere: ReadonlyMap<string, Thread[]>): Thread[] {
  if (elsewhere.size === 0) return [];
  const keys = new Set(seen.flatMap((thread) => progressKeys(thread).slice(0, 1)));
  return [...keys].flatMap((key) => elsewhere.get(key) ?? []);
}

function withProgress(thread: Thread, progress: ReadonlyMap<string, Progress>): Thread {
  const found = progressKeys(thread)
    .map((key) => progress.get(key))
    .find((one) => one !== undefined);
  return found === undefined ? thread : { ...thread, progress: found };
}
