/** What a process tree had done at one moment. */
export interface Activity {
  /** Of a clock that never goes back. */
  readonly atSeconds: number;
  /** Of all processes together. */
  readonly cpuSeconds: number;
  /** To files, pipes and terminals; `undefined` where the system does not tell. */
  readonly bytesWritten: number | undefined;
}

export interface Progress {
  add(activity: Activity): void;
  /** Begins anew: what happened before no longer counts. */
  reset(): void;
  /** Whether nothing was done for the given time. */
  isStalled(): boolean;
}

/** A program that only waits still wakes up now and then to look: up to this share of one processor is no work. */
const IDLE_SHARE = 0.02;

/** Judges whether anything gets done: output, or more processor time than idle loops take. Knows no clock of its own. */
export function followProgress(stallSeconds: number): Progress {
  let seen: Totals[] = [];
  let last: Activity | undefined;

  const add = (activity: Activity): void => {
    const before = seen.at(-1) ?? { atSeconds: activity.atSeconds, cpuSeconds: 0, bytesWritten: 0 };
    seen.push({
      atSeconds: activity.atSeconds,
      cpuSeconds: before.cpuSeconds + growth(last?.cpuSeconds, activity.cpuSeconds),
      bytesWritten: before.bytesWritten + growth(last?.bytesWritten, activity.bytesWritten),
    });
    last = activity;
    const begin = windowBegin(seen, stallSeconds);
    if (begin > 0) seen = seen.slice(begin);
  };
  return {
    add,
    reset: () => {
      seen = [];
      last = undefined;
    },
    isStalled: () => {
      const [first, latest] = [seen[0], seen.at(-1)];
      if (first === undefined || latest === undefined) return false;
      const seconds = latest.atSeconds - first.atSeconds;
      if (seconds < stallSeconds || latest.bytesWritten > first.bytesWritten) return false;
      return latest.cpuSeconds - first.cpuSeconds < IDLE_SHARE * seconds;
    },
  };
}

interface Totals {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  readonly bytesWritten: number;
}

/** A process that ended without a parent waiting for it takes its counts along: the sum shrinks, and that is no work. */
function growth(before: number | undefined, now: number | undefined): number {
  return before === undefined || now === undefined ? 0 : Math.max(0, now - before);
}

/** Index of the last sample that is at least as old as the window is long; 0 when there is none. */
function windowBegin(seen: readonly Totals[], seconds: number): number {
  const latest = seen.at(-1)?.atSeconds ?? 0;
  return Math.max(
    0,
    seen.findLastIndex(({ atSeconds }) => latest - atSeconds >= seconds),
  );
}
