import type { Diagnosis } from '../model/diagnosis.ts';

/** What a report may depend on besides the diagnosis. Formats for programs ignore all of it. */
export interface RenderOptions {
  readonly color: boolean;
  /** In columns. */
  readonly width: number;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** Whole stacks, all hypotheses, every warning. */
  readonly verbose: boolean;
}

/** Turns a diagnosis into a document. Pure: reads no clock and no environment, writes nothing. */
export interface Reporter {
  /** As `--format` takes it. */
  readonly format: string;
  /** Of its snapshot files, without the dot. */
  readonly extension: string;
  /** For the help and the table of formats. */
  readonly title: string;
  /** Ends with a newline. */
  render(diagnosis: Diagnosis, options: RenderOptions): string;
}

/** Identity, for inference. */
export function defineReporter(reporter: Reporter): Reporter {
  return reporter;
}
