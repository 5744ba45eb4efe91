import { readActivity } from './activity.ts';
import type { Ending, RunningCommand } from './command.ts';
import { isZombie, type ProcessTree } from './process-tree.ts';
import { followProgress } from './progress.ts';

/** In seconds; `undefined`: no limit. */
export interface Limits {
  /** Of the time that the command runs. */
  readonly timeoutSeconds: number | undefined;
  /** Of the time without output and without work. */
  readonly stallSeconds: number | undefined;
}

export type Event =
  | { readonly kind: 'ended'; readonly ending: Ending }
  | { readonly kind: 'timeout' | 'stall'; readonly seconds: number }
  | { readonly kind: 'asked-to-end' };

export interface Supervision {
  /**
   * Waits until something happens that is not the command's normal course. May be asked again afterwards; a stall is told
   * once, and the next when something was done in between.
   */
  next(): Promise<Event>;
}

/** Often enough to tell a stall in time, and so seldom that nobody notices. */
const LOOKS_A_STALL = 20;
const SHORTEST_SECONDS = 0.05;
const LONGEST_SECONDS = 2;

/** Looks at a command that runs, without touching it. */
export function supervise(
  command: RunningCommand,
  { tree, limits, end }: { tree: ProcessTree; limits: Limits; end: AbortSignal },
): Supervision {
  const { timeoutSeconds = Infinity, stallSeconds = Infinity } = limits;
  const progress = followProgress(stallSeconds);
  const interval = Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, stallSeconds / LOOKS_A_STALL));
  const begin = performance.now();
  let stoppedSeconds = 0;
  /** Told already, and nothing has been done since. */
  let isTold = false;
  let wake = (): void => {};
  void command.ended.then(() => wake());
  end.addEventListener('abort', () => wake());

  const rest = async (seconds: number): Promise<void> => {
    const fellAsleep = performance.now();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, seconds * 1000);
    });
    clearTimeout(timer);
    const late = (performance.now() - fellAsleep) / 1000 - seconds;
    if (late < LATE_SECONDS) return;
    // Woken far too late: this program was stopped (Ctrl-Z), and most likely the command, too. That time counts for nothing.
    stoppedSeconds += late;
    progress.reset();
  };

  const next = async (): Promise<Event> => {
    for (;;) {
      const ending = command.ending();
      if (ending !== undefined) return { kind: 'ended', ending };
      if (end.aborted) return { kind: 'asked-to-end' };
      const left = timeoutSeconds + stoppedSeconds - (performance.now() - begin) / 1000;
      if (left <= 0) return { kind: 'timeout', seconds: timeoutSeconds };
      const isNew = progress.isStalled() && !isTold;
      isTold = progress.isStalled();
      if (isNew) return { kind: 'stall', seconds: stallSeconds };
      await rest(Math.min(interval, left));
      if (command.ending() === undefined) progress.add(readActivity(tree.look().filter((entry) => !isZombie(entry))));
    }
  };
  return { next };
}

const LATE_SECONDS = 3;
