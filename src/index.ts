export { diagnose } from './diagnose.ts';
export type { Input } from './input/read.ts';
export type { Capture } from './model/capture.ts';
export { CAUSES, type Cause } from './model/cause.ts';
export type {
  Confidence,
  Diagnosis,
  Evidence,
  EvidenceFrame,
  Hypothesis,
  Reference,
  Remediation,
  Unseen,
  Verdict,
} from './model/diagnosis.ts';
export type { Warning } from './model/dump.ts';
export type { Frame, Language, Variable } from './model/frame.ts';
export type { Place } from './model/place.ts';
export type { Process } from './model/process.ts';
export type { Thread, View } from './model/thread.ts';
export type { Wait } from './model/wait.ts';
