import type { Place } from './place.ts';
import type { Process } from './process.ts';

/** What one run of one tool printed. */
export interface Dump {
  /** The program that printed it: `py-spy`, `gdb`, … */
  readonly tool: string;
  /** The parser that read it. */
  readonly format: string;
  readonly processes: readonly Process[];
  readonly place: Place;
}

/** Something about the input or the capture that the reader must know. */
export interface Warning {
  /** Stable, for programs: `lines-not-understood`, `no-ptrace-rights`, … */
  readonly code: string;
  readonly message: string;
  /** What to do about it, in one or two sentences. */
  readonly hint: string | undefined;
  readonly source: string | undefined;
  readonly line: number | undefined;
}
