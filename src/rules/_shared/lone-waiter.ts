import { mayLackThreads } from '../../analysis/excerpts.ts';
import type { ThreadFacts } from '../../analysis/facts.ts';
import { wantedLock } from '../../analysis/locks.ts';
import { pythonVersion } from '../../analysis/python-version.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { isAt } from '../../frames/places.ts';

/** Threads that are shown alone, out of a process that may have others. */
export function loneThreads(threads: readonly ThreadFacts[]): ThreadFacts[] {
  return [...groupByProcess(threads)].flatMap(([process, own]) =>
    own.length === 1 && mayLackThreads(process) ? own : [],
  );
}

/**
 * Whether the lock that a thread waits for lets its holder in again: an RLock by the C function that enters it; by Python's
 * frames those of Python 2, where a plain lock has none, and of a Condition, which has an RLock unless a queue made it.
 */
export function isReentrant(facts: ThreadFacts): boolean {
  const { frames } = facts;
  if (wantedLock(facts)?.reentrant === true) return true;
  const at = frames.findIndex(({ frame }) => frame.language === 'python');
  const [innermost, caller] = [frames[at], frames[at + 1]];
  if (innermost === undefined || !isAt(innermost.frame, 'threading.py')) return false;
  if (innermost.plain === 'acquire') return (pythonVersion(facts) ?? 300) < 300;
  return innermost.plain === '__enter__' && !(caller !== undefined && isAt(caller.frame, 'queue.py'));
}

/** Whether it waits for the lock of a log handler, or for the one of the logging module. */
export function isAtLogLock({ frames }: ThreadFacts): boolean {
  return frames
    .slice(0, 12)
    .some(({ plain, frame }) => /^(?:acquire|_acquireLock)$/.test(plain) && isAt(frame, 'logging/__init__.py'));
}
