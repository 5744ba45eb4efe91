import { gatherFacts } from './analysis/facts.ts';
import { FrameKnowledge } from './frames/known-frame.ts';
import { PARSERS } from './generated/parsers.ts';
import { RULES } from './generated/rules.ts';
import { applyRules } from './hypotheses/apply-rules.ts';
import { toHypotheses } from './hypotheses/to-hypotheses.ts';
import { verdictOf } from './hypotheses/verdict.ts';
import { type Input, readInput } from './input/read.ts';
import { mergeDumps } from './merge/merge.ts';
import type { Diagnosis } from './model/diagnosis.ts';

/**
 * Says why the process hangs whose dumps are given: text in, diagnosis out.
 *
 * All inputs are taken as one capture: dumps of one process by several tools, or of several processes of one job.
 * Needs nothing of Node, changes nothing, and never throws on what an input holds.
 */
export function diagnose(inputs: readonly Input[]): Diagnosis {
  const readings = inputs.map((input) => readInput(input, PARSERS));
  const knowledge = new FrameKnowledge();
  const merged = mergeDumps(
    readings.flatMap(({ dumps }) => dumps),
    knowledge,
  );
  const facts = gatherFacts(merged, knowledge);
  const hypotheses = toHypotheses(applyRules(RULES, facts));
  return {
    verdict: verdictOf(hypotheses, facts),
    hypotheses,
    capture: facts.capture,
    waits: facts.waits,
    warnings: readings.flatMap(({ warnings }) => warnings),
  };
}
