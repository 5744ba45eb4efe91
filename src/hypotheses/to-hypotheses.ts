import type { Evidence, Hypothesis, Remediation } from '../model/diagnosis.ts';
import type { MatchedThread, Rule } from '../rules/rule.ts';
import type { RuleMatch } from './apply-rules.ts';
import { compareConfidence } from './confidence.ts';

/** One hypothesis a rule: its matches on all threads together, the surest first. */
export function toHypotheses(matches: readonly RuleMatch[]): Hypothesis[] {
  const byRule = new Map<Rule, RuleMatch[]>();
  const better = matches.filter(({ rule }) => rule.lastResort !== true);
  for (const match of better.length > 0 ? better : matches) {
    const group = byRule.get(match.rule);
    if (group === undefined) byRule.set(match.rule, [match]);
    else group.push(match);
  }
  const groups = [...byRule.values()].map((group) => group.sort(compareMatches)).sort(compareGroups);
  return nameLesser(groups);
}

function compareMatches(one: RuleMatch, other: RuleMatch): number {
  return compareConfidence(other.confidence, one.confidence) || other.weight - one.weight;
}

function compareGroups([one]: RuleMatch[], [other]: RuleMatch[]): number {
  if (one === undefined || other === undefined) return 0;
  return (
    compareConfidence(other.confidence, one.confidence) ||
    Number(isConsequence(one)) - Number(isConsequence(other)) ||
    Number(one.rule.general ?? false) - Number(other.rule.general ?? false) ||
    other.weight - one.weight ||
    (one.rule.id < other.rule.id ? -1 : 1)
  );
}

/** Every thread that it speaks of waits for another one of the capture: what that one waits for is nearer to the root. */
function isConsequence({ threads }: RuleMatch): boolean {
  return threads.every(({ thread }) => thread.thread.role === 'victim');
}

/** A rule whose threads better rules explain already is no rival of theirs: the first of them names it. */
function nameLesser(groups: readonly RuleMatch[][]): Hypothesis[] {
  const explainedBy = new Map<unknown, { lesser: string[] }>();
  const kept: { group: RuleMatch[]; lesser: string[] }[] = [];
  for (const group of groups) {
    const threads = group.flatMap((match) => match.threads.map(({ thread }) => thread.thread));
    const owners = threads.map((thread) => explainedBy.get(thread));
    const [owner] = owners;
    const rule = group[0]?.rule.id;
    if (owner !== undefined && rule !== undefined && owners.every((one) => one !== undefined)) {
      owner.lesser.push(rule);
      continue;
    }
    const entry = { group, lesser: [] };
    kept.push(entry);
    for (const thread of threads) if (!explainedBy.has(thread)) explainedBy.set(thread, entry);
  }
  return kept.flatMap(({ group, lesser }) => toHypothesis(group, lesser) ?? []);
}

function toHypothesis(group: readonly RuleMatch[], alsoMatches: readonly string[]): Hypothesis | undefined {
  const [best] = group;
  if (best === undefined) return undefined;
  const { rule, confidence, unseen } = best;
  // The same thread may match by several signatures; the surest match speaks for it.
  const threads = new Map<unknown, MatchedThread>();
  for (const { threads: matched } of group)
    for (const one of matched) if (!threads.has(one.thread.thread)) threads.set(one.thread.thread, one);
  const pid = best.threads[0]?.thread.process.pid;
  return {
    rule: rule.id,
    cause: rule.cause,
    title: rule.title,
    summary: rule.summary,
    explanation: rule.explanation,
    confidence,
    library: rule.library,
    yourCode: rule.yourCode,
    evidence: [...threads.values()].map(toEvidence),
    remediation: rule.remediation.map((step) => withPid(step, pid)),
    references: rule.references,
    unseen,
    alsoMatches,
  };
}

function toEvidence({ thread: { process, thread }, note, frames }: MatchedThread): Evidence {
  return { pid: process.pid, threadId: thread.id, threadName: thread.name, note, frames };
}

function withPid(remediation: Remediation, pid: number | undefined): Remediation {
  const { command } = remediation;
  return command === undefined || pid === undefined
    ? remediation
    : { ...remediation, command: command.replaceAll('PID', String(pid)) };
}
