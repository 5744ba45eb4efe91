import type { Capture } from './capture.ts';
import type { Cause } from './cause.ts';
import type { Warning } from './dump.ts';
import type { Frame } from './frame.ts';
import type { WaitGraph } from './wait-graph.ts';

/** Calibrated on real hangs: right 99 times in 100, 9 in 10, 1 in 2. */
export type Confidence = 'certain' | 'likely' | 'possible';

export type Verdict = 'hang' | 'suspect' | 'healthy' | 'unknown';

/** A frame that bears witness, with its place on the stack. */
export interface EvidenceFrame {
  /** Index into the thread's frames, innermost first. */
  readonly index: number;
  readonly frame: Frame;
  /** What the frame shows, in a few words. */
  readonly note: string | undefined;
}

/** A statement about one thread, with its place in a dump. */
export interface Evidence {
  readonly pid: number | undefined;
  readonly threadId: string;
  readonly threadName: string | undefined;
  readonly note: string;
  /** Innermost first. */
  readonly frames: readonly EvidenceFrame[];
}

export type RemediationKind = 'now' | 'fix' | 'prevent' | 'verify';

export interface Remediation {
  readonly kind: RemediationKind;
  readonly step: string;
  /** Ready to paste; `PID` stands for the process id and is replaced when that is known. */
  readonly command?: string;
}

export interface Reference {
  readonly title: string;
  readonly url: string;
  /** What the thread or page establishes. */
  readonly establishes?: string;
}

/** What the dump could not show, and the command that would. */
export interface Unseen {
  readonly what: string;
  readonly command: string | undefined;
}

export interface Hypothesis {
  readonly rule: string;
  readonly cause: Cause;
  readonly title: string;
  readonly summary: string;
  readonly explanation: string;
  readonly confidence: Confidence;
  readonly library: string | undefined;
  /** What to say of the innermost line of the user's own code, where it would mislead. */
  readonly yourCode: string | undefined;
  readonly evidence: readonly Evidence[];
  readonly remediation: readonly Remediation[];
  readonly references: readonly Reference[];
  readonly unseen: readonly Unseen[];
  /** Rules that explain the same threads less well: named here instead of shown as rivals. */
  readonly alsoMatches: readonly string[];
}

export interface Diagnosis {
  readonly verdict: Verdict;
  /** Best first. */
  readonly hypotheses: readonly Hypothesis[];
  readonly capture: Capture;
  readonly waits: WaitGraph;
  readonly warnings: readonly Warning[];
}
