import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import type { Process } from '../model/process.ts';
import type { ThreadFacts } from './facts.ts';

/** The frame in which a process was forked: on the stack of the child it stands below everything that the child does. */
export function isForkFrame({ categories, frame }: KnownFrame): boolean {
  return categories.has('forked-child') && frame.language === 'python';
}

/** A child that was started afresh has locks of its own. */
export function isSpawned({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ frame, plain }) => /^(?:_main|spawn_main)$/.test(plain) && isAt(frame, 'multiprocessing/spawn.py'),
  );
}

/** Children of other processes of the capture that run the same command: fork copies it, exec would not. */
export function forkedProcesses(processes: readonly Process[]): ReadonlySet<Process> {
  const byPid = new Map(processes.flatMap((process) => (process.pid === undefined ? [] : [[process.pid, process]])));
  return new Set(
    processes.filter(({ parentPid, command }) => {
      const parent = parentPid === undefined ? undefined : byPid.get(parentPid);
      return parent !== undefined && command !== undefined && parent.command === command;
    }),
  );
}
