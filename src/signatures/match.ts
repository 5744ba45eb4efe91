import type { Category } from '../frames/categories.ts';
import type { KnownFrame } from '../frames/known-frame.ts';
import type { View } from '../model/thread.ts';
import type { CompiledSignature, CompiledStep } from './compile.ts';
import type { Step } from './signature.ts';

/** A stack as the matcher needs it. */
export interface Stack {
  /** Innermost first. */
  readonly frames: readonly KnownFrame[];
  readonly view: View;
  /** Whether the outer end was cut off. */
  readonly truncated: boolean;
  /** What the tool says of the thread without a frame for it: py-bt's "Garbage-collecting", pystack's notes. */
  readonly told: ReadonlySet<Category>;
}

/** A step and the frame that it took; the index counts from the innermost frame. */
interface SeenStep {
  readonly step: Step;
  readonly index: number;
}

/** How a step was fulfilled: by a frame, by the tool's word, or not visibly. */
type Proof = number | 'told' | undefined;

/** Every required step was either seen or cannot be shown by the tools that made the dump; none is contradicted. */
export interface SignatureMatch {
  /** Outermost first, optional steps included. */
  readonly seen: readonly SeenStep[];
  /** Required steps that are not visible in this dump. */
  readonly unseen: readonly Step[];
  /** Optional steps that could have been seen but were not. */
  readonly missing: readonly Step[];
  /** Forbidden steps that the dump could not have shown, so that their absence proves nothing. */
  readonly unproven: readonly Omit<Step, 'forbidden' | 'direct'>[];
}

/** What has been matched so far, as a linked list, so that copies cost nothing. */
interface Partial {
  readonly seen: number;
  readonly unseen: number;
  readonly optional: number;
  /** Frame of the last matched step, in the order of the walk. */
  readonly at: number;
  readonly last: { readonly step: CompiledStep; readonly proof: Proof } | undefined;
  readonly before: Partial | undefined;
}

const NOTHING: Partial = { seen: 0, unseen: 0, optional: 0, at: -1, last: undefined, before: undefined };

/**
 * Matches one signature against one stack, outermost frame to innermost, keeping the best partial match for each number of
 * steps. Time: frames times steps, whatever the signature.
 *
 * @returns undefined when a visible step is contradicted, or when too little was seen to say anything
 */
export function matchSignature(compiled: CompiledSignature, stack: Stack): SignatureMatch | undefined {
  const { steps, forbidden } = compiled;
  if (forbidden.some(({ atStart, isTold }) => atStart && isTold(stack.told))) return undefined;
  const walk = [...stack.frames].reverse();
  const edges = edgesOf(walk);
  const live: (Partial | undefined)[] = new Array(steps.length + 1).fill(undefined);
  live[0] = NOTHING;
  skipInvisible(live, steps, stack, true);
  walk.forEach((frame, at) => {
    advance(live, steps, frame, at, edges);
    expire(live, steps, frame, at);
    skipInvisible(live, steps, stack, false);
  });
  const best = live[steps.length];
  return best === undefined || !isEnough(best, steps) ? undefined : toMatch(best, compiled, stack);
}

/** Lets each partial match take the frame as its next step. From the last step down, so that a frame is taken once. */
function advance(
  live: (Partial | undefined)[],
  steps: readonly CompiledStep[],
  frame: KnownFrame,
  at: number,
  edges: Edges,
): void {
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const partial = live[index];
    const step = steps[index];
    if (partial === undefined || step === undefined || !stands(step.step, frame, at, edges)) continue;
    const seen = step.matches(frame);
    const hidden = step.mayBe(frame) && !step.step.optional && !step.step.needed;
    if (seen || hidden) offer(live, index + 1, extend(partial, step, seen ? at : undefined, at));
  }
}

function extend(before: Partial, step: CompiledStep, proof: Proof, at: number): Partial {
  const { optional } = step.step;
  return {
    seen: before.seen + (proof !== undefined && !optional ? 1 : 0),
    unseen: before.unseen + (proof === undefined && !optional ? 1 : 0),
    optional: before.optional + (proof !== undefined && optional ? 1 : 0),
    at,
    last: { step, proof },
    before,
  };
}

/** Drops partial matches that a frame contradicts: a direct call that goes elsewhere, or a forbidden step. */
function expire(live: (Partial | undefined)[], steps: readonly CompiledStep[], frame: KnownFrame, at: number): void {
  steps.forEach((step, index) => {
    const partial = live[index];
    if (partial === undefined || (index > 0 && partial.at === at)) return;
    const elsewhere = index > 0 && step.step.direct && !frame.plumbing && !frame.unnamed && !frame.frame.inlined;
    if (elsewhere || isForbidden(frame, step, partial)) live[index] = undefined;
  });
}

/** What is forbidden before a step that was passed over stays forbidden until a step is seen. */
function isForbidden(frame: KnownFrame, step: CompiledStep, partial: Partial): boolean {
  if (step.forbidden.some((forbids) => forbids(frame))) return true;
  const { last, before } = partial;
  return (
    last !== undefined && last.proof === undefined && before !== undefined && isForbidden(frame, last.step, before)
  );
}

/** Steps that the tool cannot show, that lie on a cut-off end, or that are optional, may be passed over. */
function skipInvisible(
  live: (Partial | undefined)[],
  steps: readonly CompiledStep[],
  stack: Stack,
  outermost: boolean,
): void {
  steps.forEach((step, index) => {
    const partial = live[index];
    if (partial === undefined) return;
    const told = step.isTold(stack.told);
    const invisible = !step.step.needed && ((outermost && stack.truncated) || !step.isVisible(stack.view));
    if (told || invisible || step.step.optional)
      offer(live, index + 1, extend(partial, step, told ? 'told' : undefined, partial.at));
  });
}

/** Keeps the better of two ways to the same step; of equal ones the inner, which is nearer to the wait. */
function offer(live: (Partial | undefined)[], index: number, candidate: Partial): void {
  const present = live[index];
  if (present === undefined || compare(candidate, present) >= 0) live[index] = candidate;
}

function compare(one: Partial, other: Partial): number {
  return one.seen - other.seen || other.unseen - one.unseen || one.optional - other.optional || one.at - other.at;
}

/** Outermost and innermost positions in the walk, plumbing aside, by language. */
interface Edges {
  readonly first: ReadonlyMap<string, number>;
  readonly last: ReadonlyMap<string, number>;
}

function edgesOf(walk: readonly KnownFrame[]): Edges {
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  let before: KnownFrame | undefined;
  walk.forEach((known, at) => {
    const { language } = known.frame;
    if (known.plumbing) return;
    if (!first.has(language)) first.set(language, at);
    if (before === undefined || !isLocking(before) || !isLocking(known)) last.set(language, at);
    before = known;
  });
  return { first, last };
}

/** What locks of any kind are made of: the call for the lock, the condition or semaphore inside, and the kernel's futex are one wait. */
const LOCKING: readonly Category[] = ['lock-wait', 'condition-wait', 'semaphore-wait', 'futex'];

function isLocking({ categories, frame }: KnownFrame): boolean {
  return (
    frame.language === 'native' &&
    LOCKING.some((category) => categories.has(category)) &&
    !categories.has('gil-wait') &&
    !categories.has('gil-acquire')
  );
}

/** Plumbing beyond the edge may itself be named by a signature ("start_thread^"), hence the comparisons. */
function stands({ outermost, innermost }: Step, { frame }: KnownFrame, at: number, { first, last }: Edges): boolean {
  if (outermost && at > (first.get(frame.language) ?? at)) return false;
  return !innermost || at >= (last.get(frame.language) ?? at);
}

/**
 * Guards against matches made of what cannot be seen: at least one function that the signature names must be there,
 * and as many steps seen as not.
 */
function isEnough(best: Partial, steps: readonly CompiledStep[]): boolean {
  if (best.seen === 0 || best.seen < best.unseen) return false;
  const namesNeeded = steps.some(({ step }) => !step.optional && isNamed(step));
  if (!namesNeeded) return true;
  for (let partial: Partial | undefined = best; partial !== undefined; partial = partial.before) {
    if (typeof partial.last?.proof === 'number' && !partial.last.step.step.optional && isNamed(partial.last.step.step))
      return true;
  }
  return false;
}

function isNamed({ alternatives, place }: Step): boolean {
  return place !== undefined || alternatives.some(({ kind }) => kind === 'name');
}

function toMatch(best: Partial, { forbidden }: CompiledSignature, stack: Stack): SignatureMatch {
  const depth = stack.frames.length;
  const nameless = stack.frames.some(({ unnamed, frame }) => unnamed && isInterpreterModule(frame.module));
  const seen: SeenStep[] = [];
  const unseen: Step[] = [];
  const missing: Step[] = [];
  for (let partial: Partial | undefined = best; partial?.last !== undefined; partial = partial.before) {
    const { step, proof } = partial.last;
    if (typeof proof === 'number') seen.push({ step: step.step, index: depth - 1 - proof });
    else if (proof === undefined) (step.step.optional ? missing : unseen).push(step.step);
  }
  const isAlone = stack.truncated && !hasCaller(stack, Math.max(-1, ...seen.map(({ index }) => index)));
  return {
    seen: seen.reverse(),
    unseen: unseen.reverse(),
    missing: missing.reverse(),
    unproven: forbidden
      .filter(
        (part) =>
          !part.isVisible(stack.view) ||
          (part.isInterpreters && (nameless || stack.truncated)) ||
          (part.atStart && isAlone),
      )
      .map(({ step }) => step),
  };
}

/** Whether the excerpt shows what called the frame of the given index; if not, nothing is known of what it was called in. */
function hasCaller({ frames }: Stack, index: number): boolean {
  const language = frames[index]?.frame.language;
  return frames
    .slice(index + 1)
    .some(({ plumbing, unnamed, frame }) => !plumbing && !unnamed && frame.language === language);
}

/** "?? () from /usr/lib/libpython3.9.so.1.0", "?? ()": an interpreter without names; gdb names no module for the program. */
function isInterpreterModule(module: string | undefined): boolean {
  return module === undefined || /(?:^|\/)(?:lib)?python\d?(?:\.\d+)?[^/]*$/.test(module);
}
