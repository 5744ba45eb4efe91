import type { Bucket, Facts } from '../analysis/facts.ts';
import { wantedLock } from '../analysis/locks.ts';
import { CATEGORIES, type Category } from '../frames/categories.ts';
import type { Confidence, EvidenceFrame, Unseen } from '../model/diagnosis.ts';
import type { Thread } from '../model/thread.ts';
import type { Match, Rule, RuleSignature } from '../rules/rule.ts';
import { AnchorIndex } from '../signatures/anchors.ts';
import { type CompiledSignature, compileSignature } from '../signatures/compile.ts';
import { matchSignature, type SignatureMatch, type Stack } from '../signatures/match.ts';
import { parseSignature } from '../signatures/parse.ts';
import { weaker } from './confidence.ts';
import { whatIsUnseen } from './unseen.ts';

/** A match with the rule that made it. */
export interface RuleMatch extends Match {
  readonly rule: Rule;
  /** How many frames bear witness on the best thread: of equally sure rules the more specific comes first. */
  readonly weight: number;
  readonly unseen: readonly Unseen[];
}

/** Runs all rules. Each bucket of equal stacks is matched once, and only by signatures whose names it has. */
export function applyRules(rules: readonly Rule[], facts: Facts): RuleMatch[] {
  const index = indexSignatures(rules);
  return [
    ...facts.buckets.flatMap((bucket) => matchBucket(bucket, index)),
    ...rules.flatMap((rule) => matchByCode(rule, facts)),
  ].filter((match) => !isIdle(match) && !waitsForOther(match));
}

/** Rules go before the word that a thread rests by design, unless they are only guessing. */
function isIdle({ confidence, threads }: RuleMatch): boolean {
  return (
    confidence === 'possible' && threads.length > 0 && threads.every(({ thread }) => thread.thread.role === 'idle')
  );
}

/**
 * Threads that are seen to want a lock of the program, or the GIL, wait for no answer and no end, however their functions are
 * called: a handshake may call back into Python.
 */
function waitsForOther({ rule: { cause }, threads }: RuleMatch): boolean {
  return (
    (cause === 'network-no-timeout' || cause === 'unclosed-resource-at-exit') &&
    threads.every(({ thread }) => wantedLock(thread)?.kind === 'python' || thread.thread.wait?.kind === 'gil')
  );
}

interface Candidate {
  readonly rule: Rule;
  readonly signature: RuleSignature;
  readonly compiled: CompiledSignature;
}

/** Made once for each set of rules: parsing hundreds of signatures takes longer than matching them. */
const INDICES = new WeakMap<readonly Rule[], AnchorIndex<Candidate>>();

function indexSignatures(rules: readonly Rule[]): AnchorIndex<Candidate> {
  const known = INDICES.get(rules);
  if (known !== undefined) return known;
  const index = new AnchorIndex(
    rules.flatMap((rule) =>
      rule.signatures.map((signature) => ({
        rule,
        signature,
        compiled: compileSignature(parseSignature(signature.find)),
      })),
    ),
  );
  INDICES.set(rules, index);
  return index;
}

function matchBucket(bucket: Bucket, index: AnchorIndex<Candidate>): RuleMatch[] {
  const { thread, frames, cut } = bucket.sample;
  const stack = { frames, view: thread.view, truncated: cut, told: toldOf(thread) };
  return index.candidates(stack).flatMap((candidate) => matchOne(bucket, stack, candidate) ?? []);
}

function matchOne(bucket: Bucket, stack: Stack, { rule, signature, compiled }: Candidate): RuleMatch | undefined {
  const found = matchSignature(compiled, stack);
  if (found === undefined) return undefined;
  const confidence = confidenceOf(found, signature, bucket);
  if (confidence === undefined) return undefined;
  const marks = found.seen.map(({ step, index }) => ({
    index,
    note: signature.notes?.[step.text] ?? categoryNote(step.text),
  }));
  return {
    rule,
    confidence,
    weight: found.seen.length,
    unseen: confidence === 'certain' ? [] : whatIsUnseen(found.unseen, bucket.sample),
    threads: bucket.threads.map((member) => ({
      thread: member,
      note: member.thread.wait?.says ?? 'stands here',
      frames: marks
        .flatMap(({ index, note }): EvidenceFrame[] => {
          const frame = member.thread.frames[index];
          return frame === undefined ? [] : [{ index, frame, note }];
        })
        .sort((one, other) => one.index - other.index),
    })),
  };
}

/** What tools say of a thread without showing a frame. */
function toldOf({ collecting, gil }: Thread): ReadonlySet<Category> {
  return new Set<Category>([
    ...(collecting ? (['gc'] as const) : []),
    ...(gil === 'waits' ? (['gil-wait'] as const) : []),
  ]);
}

/** "#gc?" says what its category means, where the rule does not say more. */
function categoryNote(step: string): string | undefined {
  const name = /^(?:\w:)?#([a-z-]+)/.exec(step)?.[1];
  return Object.entries(CATEGORIES).find(([category]) => category === name)?.[1];
}

/**
 * A required step that could not be seen takes one word away, and so does a stack that moves. Where a look-alike could not be
 * excluded, only a possibility is left.
 */
function confidenceOf(
  found: SignatureMatch,
  { confidence, stuck }: RuleSignature,
  { sample }: Bucket,
): Confidence | undefined {
  if (found.unproven.length > 0) return 'possible';
  const { progress } = sample.thread;
  // A thread that spins is at the same place as much as one that waits.
  const whole = progress === 'stuck' || progress === 'spinning' ? (stuck ?? confidence) : confidence;
  const partly = found.unseen.length > 0 ? weaker(whole) : whole;
  return progress === 'moving' && partly !== undefined ? weaker(partly) : partly;
}

function matchByCode(rule: Rule, facts: Facts): RuleMatch[] {
  return [...(rule.match?.(facts) ?? [])].map((match) => ({
    ...match,
    rule,
    unseen: match.unseen ?? noPythonFrames(match),
    weight: Math.max(0, ...match.threads.map(({ frames }) => frames.length)),
  }));
}

/** Code that is content with C frames gets surer by what Python does. */
function noPythonFrames({ confidence, threads: [first] }: Match): readonly Unseen[] {
  if (confidence === 'certain' || first === undefined || first.thread.thread.view.python) return [];
  return whatIsUnseen([], first.thread).filter(({ command }) => command?.startsWith('py-spy'));
}
