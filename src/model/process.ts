import type { Place } from './place.ts';
import type { Thread } from './thread.ts';

interface Package {
  /** As in the package index, in small letters: `pyzmq`. */
  readonly name: string;
  readonly version: string;
}

/** A lock on a file as the kernel lists it, of whatever process. */
export interface FileLock {
  readonly pid: number;
  /** Device and number of the file: "fe:00:9988409". */
  readonly inode: string;
  /** Whether the process waits for the lock that another one holds. */
  readonly waits: boolean;
  /** First byte of the range that is locked. */
  readonly start: number;
}

export interface OpenFile {
  readonly fd: number;
  /** "/srv/app/cache.lock", "pipe:[273670]". */
  readonly path: string;
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
  /** Whether it was forked, and runs on with what its parent had, instead of being started afresh. Known of live ones only. */
  readonly forked: boolean | undefined;
  /** What is installed where it imports from, when a live process was looked at. */
  readonly packages: readonly Package[] | undefined;
  readonly threads: readonly Thread[];
  /** Locks of the whole system, as far as the dump lists them. */
  readonly fileLocks: readonly FileLock[] | undefined;
  readonly files: readonly OpenFile[] | undefined;
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
    forked: undefined,
    packages: undefined,
    fileLocks: undefined,
    files: undefined,
    ...known,
  };
}
