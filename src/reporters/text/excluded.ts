import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Thread } from '../../model/thread.ts';

/** What the dump shows not to be the cause, and what it cannot show. */
export interface Exclusions {
  readonly excluded: readonly string[];
  readonly unseen: readonly string[];
}

/** The usual suspects, held against facts of the dump only: what no tool could show is never excluded. */
export function findExclusions(diagnosis: Diagnosis): Exclusions {
  const threads = diagnosis.capture.processes.flatMap((process) => process.threads);
  if (threads.length === 0) return { excluded: [], unseen: [] };
  const verdicts = [excludeCycle(diagnosis, threads), excludeGil(diagnosis, threads)];
  return {
    excluded: [
      ...verdicts.flatMap((one) => ('excluded' in one ? one.excluded : [])),
      ...excludeFork(diagnosis, threads),
      ...excludeMovement(diagnosis, threads),
    ],
    unseen: verdicts.flatMap((one) => ('unseen' in one ? one.unseen : [])),
  };
}

type Finding = { readonly excluded: readonly string[] } | { readonly unseen: readonly string[] };

function excludeCycle({ waits }: Diagnosis, threads: readonly Thread[]): Finding {
  if (waits.cycles.length > 0) return { excluded: [] };
  const locks = waits.nodes.filter(({ kind }) => kind === 'lock');
  const held = new Set(waits.edges.filter(({ kind }) => kind === 'held-by').map(({ from }) => from));
  // A lock whose holder is not known may be held by one of those who want it.
  if (locks.length > 0)
    return { excluded: locks.every(({ id }) => held.has(id)) ? ['lock cycle (no wait leads back)'] : [] };
  if (threads.some(({ wait }) => wait?.kind === 'lock')) return { excluded: [] };
  if (!threads.every(showsItsWait)) return { unseen: ['waits for locks'] };
  const who = threads.every(({ view }) => view.everyThread) ? 'thread' : 'Python thread';
  return { excluded: [`lock cycle (no ${who} waits for a lock)`] };
}

/** py-spy shows a thread in `with lock:` as standing at that line, like one that computes. */
function showsItsWait({ view, wait, role, frames }: Thread): boolean {
  return frames.length > 0 && (view.interpreter || wait !== undefined || role === 'idle');
}

function excludeGil({ waits }: Diagnosis, threads: readonly Thread[]): Finding {
  const waited =
    waits.nodes.some(({ kind }) => kind === 'gil') ||
    threads.some(({ gil, wait }) => gil === 'waits' || wait?.kind === 'gil');
  if (waited) return { excluded: [] };
  const seen = threads.every(({ view, frames }) => view.interpreter && frames.length > 0);
  return seen ? { excluded: ['the GIL (nobody waits for it)'] } : { unseen: ['waits for the GIL'] };
}

/** A child that was dumped alone shows no fork either; but then it waits for something that the parent left locked. */
function excludeFork({ waits, capture }: Diagnosis, threads: readonly Thread[]): string[] {
  const [process, ...others] = capture.processes;
  if (process === undefined || others.length > 0 || process.parentPid !== undefined) return [];
  if (waits.nodes.some(({ kind }) => kind === 'lock') || !threads.every(showsItsWait)) return [];
  const forks = threads.some(({ frames }) => frames.some(({ function: name, file }) => FORK.test(`${file}:${name}`)));
  return forks ? [] : ['fork (one process, no fork on any stack)'];
}

/** "…/multiprocessing/popen_fork.py:_launch", "…:os_fork", "…:__libc_fork", "…:_after_fork" */
const FORK = /fork/i;

function excludeMovement({ capture: { moments } }: Diagnosis, threads: readonly Thread[]): string[] {
  if (moments < 2 || !threads.every(({ progress }) => progress === 'stuck')) return [];
  return [`movement (no thread moved between ${moments} dumps)`];
}
