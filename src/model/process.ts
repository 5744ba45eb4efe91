import type { Place } from './place.ts';
import type { Thread } from './thread.ts';

export interface Process {
  readonly pid: number | undefined;
  readonly parentPid: number | undefined;
  readonly command: string | undefined;
  /** `3.11.7`, without a leading `v`. */
  readonly pythonVersion: string | undefined;
  readonly executable: string | undefined;
  /** Host, pod or rank, when a log prefix or a file name tells. */
  readonly origin: string | undefined;
  readonly threads: readonly Thread[];
  readonly place: Place;
}

/** A process whose facts are unknown unless given. */
export function makeProcess(known: Partial<Process> & Pick<Process, 'threads' | 'place'>): Process {
  return {
    pid: undefined,
    parentPid: undefined,
    command: undefined,
    pythonVersion: undefined,
    executable: undefined,
    origin: undefined,
    ...known,
  };
}
