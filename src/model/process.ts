import type { Place } from './place.ts';
import type { Thread } from './thread.ts';

interface Package {
  /** As in the package index, in small letters: `pyzmq`. */
  readonly name: string;
  readonly version: string;
}

export interface Process {
  readonly pid: number | undefined;
  readonly parentPid: number | undefined;
  readonly command: string | undefined;
  /** `3.11.7`, without a leading `v`. */
  readonly pythonVersion: string | undefined;
  readonly executable: string | undefined;
  /** Host, pod or rank, when a log prefix or a file name tells. */
  readonly origin: string | undefined;
  /** What is installed where it imports from, when a live process was looked at. */
  readonly packages: readonly Package[] | undefined;
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
    packages: undefined,
    ...known,
  };
}
