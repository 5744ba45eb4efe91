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
  /** Waits until something happens that is not the command's normal course. May be asked again afterwards. */
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
  let ranSeconds = 0;
  let wake = (): void => {};
  void command.ended.then(() => wake());
  end.addEventListener('abort', () => wake());

  const rest = async (seconds: number): Promise<void> => {
    const begin = performance.now();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, seconds * 1000);
    });
    clearTimeout(timer);
    const rested = (performance.now() - begin) / 1000;
    // Woken far too late: this program was stopped (Ctrl-Z), and most likely the command, too. That time counts for nothing.
    if (rested > seconds + LATE_SECONDS) progress.reset();
    ranSeconds += Math.min(rested, seconds + LATE_SECONDS);
  };

  const next = async (): Promise<Event> => {
    progress.reset();
    for (;;) {
      const ending = command.ending();
      if (ending !== undefined) return { kind: 'ended', ending };
      if (end.aborted) return { kind: 'asked-to-end' };
      if (ranSeconds >= timeoutSeconds) return { kind: 'timeout', seconds: timeoutSeconds };
      if (progress.isStalled()) return { kind: 'stall', seconds: stallSeconds };
      await rest(Math.min(interval, timeoutSeconds - ranSeconds));
      if (command.ending() === undefined) progress.add(readActivity(tree.look().filter((entry) => !isZombie(entry))));
    }
  };
  return { next };
}

const LATE_SECONDS = 3;
