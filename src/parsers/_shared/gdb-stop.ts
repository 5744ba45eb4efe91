import type { Place } from '../../model/place.ts';
import type { Listing } from './gdb-listing.ts';

/** A moment in which gdb held a process. */
export interface Stop {
  /** By the inferior's number. */
  readonly pids: Map<string, number>;
  command: string | undefined;
  executable: string | undefined;
  readonly listings: Listing[];
  readonly headed: Map<string, Listing>;
  firstHeaded: Listing | undefined;
  /** The process ran on after it, or gdb left it. */
  isLeft: boolean;
  /** Taken for another moment only because its first thread was printed again. */
  isRepeat: boolean;
  readonly place: Place;
}

export function startStop(place: Place): Stop {
  return {
    pids: new Map(),
    command: undefined,
    executable: undefined,
    listings: [],
    headed: new Map(),
    firstHeaded: undefined,
    isLeft: false,
    isRepeat: false,
    place,
  };
}

export function noteHeaded(stop: Stop, listing: Listing): void {
  stop.headed.set(listing.thread.id, listing);
  stop.firstHeaded ??= listing;
}

/** `id` is the inferior's number or a thread's. */
export function learnPid(stop: Stop, id: string, pid: number): void {
  stop.pids.set(inferiorOf(id), pid);
}

/** gdb writes `2.1` for thread 1 of inferior 2 as soon as there is a second inferior. */
export function inferiorOf(id: string): string {
  const dot = id.indexOf('.');
  return dot < 0 ? '1' : id.slice(0, dot);
}
