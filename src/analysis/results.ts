import { isAt } from '../frames/places.ts';
import type { ThreadFacts } from './facts.ts';

/** A thread that waits for the result of a job that others run. */
export interface ResultWait {
  readonly waiter: ThreadFacts;
  /** One of these runs the job; which one is not told where they are several. */
  readonly targets: readonly ThreadFacts[];
  readonly why: string;
}

/**
 * Waits for futures of concurrent.futures: by the workers of the process that are at work, or by the event loop that the
 * waiter itself should run.
 *
 * @param threads all threads of one process
 */
export function readResultWaits(threads: readonly ThreadFacts[]): ResultWait[] {
  const waiters = threads.filter(awaitsResult);
  // Workers of processes give results that no thread here shows.
  if (waiters.length === 0 || threads.some(servesProcesses)) return [];
  const workers = threads.filter((one) => runsJobs(one) && one.thread.idleAs === undefined);
  const loops = threads.filter(runsLoop);
  return waiters.flatMap((waiter): ResultWait[] => {
    // A worker that waits for a job may wait for one that nobody has begun.
    if (runsJobs(waiter)) return [];
    if (workers.length > 0)
      return [
        { waiter, targets: workers, why: workers.length === 1 ? 'no other worker has a job' : 'all workers wait' },
      ];
    const own = loops.length === 1 && loops[0] === waiter && !threads.some(runsJobs);
    return own
      ? [{ waiter, targets: [waiter], why: 'nobody but the event loop of this thread could complete it' }]
      : [];
  });
}

function awaitsResult({ thread, frames }: ThreadFacts): boolean {
  if (thread.idleAs !== undefined || thread.wait?.timeout === 'some') return false;
  const innermost = frames.filter(({ frame, plumbing }) => frame.language === 'python' && !plumbing).slice(0, 3);
  return innermost.some(
    ({ frame, plain }) =>
      /^(?:result|exception|wait|as_completed)$/.test(plain) && isAt(frame, 'concurrent/futures/_base.py'),
  );
}

function runsJobs({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame, plain }) => plain === '_worker' && isAt(frame, 'concurrent/futures/thread.py'));
}

function servesProcesses({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ frame }) => isAt(frame, 'concurrent/futures/process.py') || isAt(frame, 'multiprocessing/pool.py'),
  );
}

function runsLoop({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame, plain }) => plain === '_run_once' && isAt(frame, 'asyncio/base_events.py'));
}
