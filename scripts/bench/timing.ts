import { gatherFacts } from '../../src/analysis/facts.ts';
import { FrameKnowledge } from '../../src/frames/known-frame.ts';
import { PARSERS } from '../../src/generated/parsers.ts';
import { RULES } from '../../src/generated/rules.ts';
import { applyRules } from '../../src/hypotheses/apply-rules.ts';
import { toHypotheses } from '../../src/hypotheses/to-hypotheses.ts';
import { verdictOf } from '../../src/hypotheses/verdict.ts';
import { readInput } from '../../src/input/read.ts';
import { mergeDumps } from '../../src/merge/merge.ts';
import text from '../../src/reporters/text/index.ts';

export const STAGES = ['read', 'merge', 'facts', 'rules', 'render'] as const;

export interface Timing {
  /** Medians in milliseconds of processor time, in the order of STAGES. */
  readonly stages: readonly number[];
  /** After merging. */
  readonly threads: number;
  /** Of all dumps, before merging. */
  readonly frames: number;
  readonly verdict: string;
}

/** Runs until so many milliseconds are spent, but at least (while that is no torture) and at most so often. */
const ENOUGH = 1_000;
const TORTURE = 10_000;
const LEAST = 3;
const MOST = 15;

/** Times each stage of a diagnosis, after one run to warm up; the steps are those of src/diagnose.ts. */
export function timeStages(inputs: readonly string[]): Timing {
  let last = runOnce(inputs);
  const runs: (readonly number[])[] = [];
  const begin = performance.now();
  const spent = (): number => performance.now() - begin;
  while (runs.length < MOST && spent() < (runs.length < LEAST ? TORTURE : ENOUGH)) {
    last = runOnce(inputs);
    runs.push(last.stages);
  }
  return { ...last, stages: STAGES.map((_, stage) => median(runs.map((run) => run[stage] ?? 0))) };
}

function runOnce(inputs: readonly string[]): Timing {
  const clock = new Clock();
  const readings = inputs.map((content, index) => readInput({ name: `${index}.txt`, text: content }, PARSERS));
  clock.lap();
  const dumps = readings.flatMap((reading) => reading.dumps);
  const knowledge = new FrameKnowledge();
  const merged = mergeDumps(dumps, knowledge);
  clock.lap();
  const facts = gatherFacts(merged, knowledge);
  clock.lap();
  const hypotheses = toHypotheses(applyRules(RULES, facts));
  const verdict = verdictOf(hypotheses, facts);
  clock.lap();
  const { capture, waits } = facts;
  const warnings = readings.flatMap((reading) => reading.warnings);
  text.render({ verdict, hypotheses, capture, waits, warnings }, OPTIONS);
  clock.lap();
  const all = dumps.flatMap(({ processes }) => processes.flatMap(({ threads }) => threads));
  const frames = all.reduce((sum, thread) => sum + thread.frames.length, 0);
  return { stages: clock.laps, threads: facts.threads.length, frames, verdict };
}

const OPTIONS = { color: false, width: 100, unicode: true, verbose: false };

/** Processor time rather than the wall's, for machines that have other work; the collector's helper threads count, too. */
class Clock {
  readonly laps: number[] = [];
  #since = process.cpuUsage();

  lap(): void {
    const { user, system } = process.cpuUsage(this.#since);
    this.laps.push((user + system) / 1000);
    this.#since = process.cpuUsage();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
