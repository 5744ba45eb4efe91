import { readActivity } from './activity.ts';
import type { ProcessEntry } from './process-table.ts';
import { identityOf, isZombie, type ProcessTree } from './process-tree.ts';
import { followProgress } from './progress.ts';
import { readSwitches } from './switches.ts';

export interface WatchLimits {
  readonly stallSeconds: number;
  /** Between two looks. */
  readonly intervalSeconds: number;
}

export type Sight =
  | { readonly kind: 'ended' | 'interrupted' | 'progress' }
  /** `switches`: how often its threads ran in that time, as far as is known. */
  | { readonly kind: 'stall'; readonly processes: readonly ProcessEntry[]; readonly switches: number | undefined };

export interface Watch {
  /** Waits until the process stalls or ends; after a stall, until it goes on (`progress`) or ends. */
  next(): Promise<Sight>;
}

/** Looks at a process that this program did not start, from outside, without stopping it. */
export function watchProcess(
  root: ProcessEntry,
  { tree, limits, signal }: { tree: ProcessTree; limits: WatchLimits; signal: AbortSignal },
): Watch {
  const progress = followProgress(limits.stallSeconds);
  const switches = followSwitches(limits.stallSeconds);
  let isStalled = false;

  const look = (): Sight | undefined => {
    const processes = tree.look().filter((entry) => !isZombie(entry));
    if (!processes.some((entry) => identityOf(entry) === identityOf(root))) return { kind: 'ended' };
    progress.add(readActivity(processes));
    const count = switches.add(readSwitches(processes));
    if (progress.isStalled() === isStalled) return undefined;
    isStalled = !isStalled;
    return isStalled ? { kind: 'stall', processes, switches: count } : { kind: 'progress' };
  };

  const next = async (): Promise<Sight> => {
    for (;;) {
      if (signal.aborted) return { kind: 'interrupted' };
      const sight = look();
      if (sight !== undefined) return sight;
      await rest(limits.intervalSeconds, signal);
    }
  };
  return { next };
}

/** Counts the switches of the last so many seconds. */
function followSwitches(seconds: number): { add(total: number | undefined): number | undefined } {
  let seen: { readonly atSeconds: number; readonly total: number }[] = [];
  return {
    add: (total) => {
      if (total === undefined) return undefined;
      const atSeconds = performance.now() / 1000;
      seen = [...seen.filter((one) => atSeconds - one.atSeconds <= seconds), { atSeconds, total }];
      // A thread that ended takes its count along.
      return Math.max(0, total - (seen[0]?.total ?? total));
    },
  };
}

function rest(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, seconds * 1000);
    signal.addEventListener('abort', wake);
  });
}
