import type { Facts, ThreadFacts } from '../analysis/facts.ts';
import type { Cause } from '../model/cause.ts';
import type { Confidence, EvidenceFrame, Reference, Remediation, Unseen } from '../model/diagnosis.ts';

/** A signature and how much it says. */
export interface RuleSignature {
  /** In the signature language, outermost step first. */
  readonly find: string;
  /** When every required step was seen. When some are not visible in the dump, one word less. */
  readonly confidence: Confidence;
  /** The word instead of it when two moments show the same stack: for waits in which a healthy process stands for a while, too. */
  readonly stuck?: Confidence;
  /** What a step shows, for the report's marks; keys are steps as written in `find`. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** What a rule's code found on one thread. */
export interface Match {
  readonly confidence: Confidence;
  readonly threads: readonly MatchedThread[];
  readonly unseen?: readonly Unseen[];
}

export interface MatchedThread {
  readonly thread: ThreadFacts;
  /** One sentence about this thread. */
  readonly note: string;
  /** Innermost first. */
  readonly frames: readonly EvidenceFrame[];
}

/** One hypothesis: what it looks for, and all that is said when it is found. Its metadata is its documentation. */
export interface Rule {
  /** Names the condition; never changes once released. */
  readonly id: string;
  readonly cause: Cause;
  /** The library at fault, as its users call it. */
  readonly library: string | undefined;
  /** One line: what hangs. */
  readonly title: string;
  /** One paragraph in plain words. */
  readonly summary: string;
  /** The mechanism: why it hangs, and why not every time. */
  readonly explanation: string;
  /** What to say of the innermost line of the user's own code, where it would mislead: "not the cause: …". */
  readonly yourCode?: string;
  /** Also fits what more specific rules explain better: of equally sure hypotheses it comes last. */
  readonly general?: boolean;
  /** Said only where no other rule has anything to say. */
  readonly lastResort?: boolean;
  /** Alternatives; any of them will do. */
  readonly signatures: readonly RuleSignature[];
  /** What a dump must show for this rule, and which command makes such a dump. */
  readonly needs: readonly string[];
  /** Look-alikes that must stay silent. */
  readonly notWhen: readonly string[];
  readonly remediation: readonly Remediation[];
  readonly references: readonly Reference[];
  /** Where signatures of single stacks are not enough. Pure: reads facts, returns matches. */
  readonly match?: (facts: Facts) => Iterable<Match>;
}

/** Identity, for inference. */
export function defineRule(rule: Rule): Rule {
  return rule;
}
