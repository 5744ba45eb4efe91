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

/**
 * Children of other processes of the capture that may have locks of their parent: all but programs of their own. The Python
 * stack of a copy begins as that of its parent does; a worker of pytest-xdist begins in another file, a shell has none.
 */
export function possibleCopies(processes: readonly Process[]): ReadonlySet<Process> {
  const byPid = new Map(processes.flatMap((process) => (process.pid === undefined ? [] : [[process.pid, process]])));
  return new Set(
    processes.filter((process) => {
      const parent = process.parentPid === undefined ? undefined : byPid.get(process.parentPid);
      return parent !== undefined && mayBeCopy(process, parent);
    }),
  );
}

function mayBeCopy(process: Process, parent: Process): boolean {
  const [own, inherited] = [programOf(process), programOf(parent)];
  if (own === undefined) return true;
  return inherited === undefined ? firstWord(process) === firstWord(parent) : own === inherited;
}

/** The name of the file in which the Python stack of the main thread begins; tools differ in how much of its path they print. */
function programOf({ pid, threads }: Process): string | undefined {
  const main = threads.find(({ nativeId, truncated }) => nativeId === pid && !truncated);
  const outermost = main?.frames.findLast(({ language }) => language === 'python');
  return outermost?.file?.split(/[\\/]/).at(-1);
}

const firstWord = ({ command }: Process): string | undefined => command?.split(' ')[0];
