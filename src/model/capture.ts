import type { Process } from './process.ts';

/** Everything taken of one hang: the dumps, merged into processes that each stand for one real process. */
export interface Capture {
  readonly processes: readonly Process[];
  /** The tools whose dumps went in, in order of appearance, without repeats. */
  readonly tools: readonly string[];
  /** How many moments the best-covered process was seen at. One moment cannot prove a hang. */
  readonly moments: number;
}
