import { type Category, INTERPRETER_CATEGORIES } from '../frames/categories.ts';
import type { KnownFrame } from '../frames/known-frame.ts';
import { lastPart, matchesGlob } from '../frames/names.ts';
import { isAt } from '../frames/places.ts';
import type { View } from '../model/thread.ts';
import type { Alternative, Signature, Step } from './signature.ts';

/** A step made ready for matching. */
export interface CompiledStep {
  readonly step: Step;
  matches(frame: KnownFrame): boolean;
  /** Whether an unnamed frame could be this step, had the library not been stripped. */
  mayBe(frame: KnownFrame): boolean;
  /** Whether tools with this view would show the step if it were there. */
  isVisible(view: View): boolean;
  /** Whether the tool said of the whole thread what the step asks for. */
  isTold(told: ReadonlySet<Category>): boolean;
  readonly forbidden: readonly ((frame: KnownFrame) => boolean)[];
}

export interface CompiledSignature {
  readonly signature: Signature;
  readonly steps: readonly CompiledStep[];
  /** All forbidden steps, to tell whether their absence could be seen. */
  readonly forbidden: readonly CompiledForbidden[];
  /**
   * Lower bound for a cheap first look: a stack that has none of these names cannot match.
   * Undefined when the signature names no function, or only with wildcards.
   */
  readonly anchors: readonly string[] | undefined;
  /** What each required step needs at least; steps that anything may be are left out. */
  readonly required: readonly Requirement[];
}

/** One of these names or categories has to be on the stack, where the step can be seen. */
export interface Requirement {
  readonly names: readonly string[];
  readonly categories: readonly Category[];
  readonly needed: boolean;
  isVisible(view: View): boolean;
}

/** A step that must not be there. */
interface CompiledForbidden {
  readonly step: ForbiddenStep;
  isVisible(view: View): boolean;
  isTold(told: ReadonlySet<Category>): boolean;
  /** Whether it is, or may be, a frame of the interpreter itself. */
  readonly isInterpreters: boolean;
  /** Whether it must stand nowhere further out than the first step. */
  readonly atStart: boolean;
}

type ForbiddenStep = Step['forbidden'][number];

export function compileSignature(signature: Signature): CompiledSignature {
  const { steps } = signature;
  return {
    signature,
    steps: steps.map(compileStep),
    forbidden: steps.flatMap(({ forbidden }, index) => forbidden.map((step) => compileForbidden(step, index === 0))),
    anchors: anchorsOf(signature),
    required: steps.flatMap(requirementOf),
  };
}

function compileForbidden(step: ForbiddenStep, atStart: boolean): CompiledForbidden {
  const interpreters = step.language !== 'python' && mayBeInterpreters(step);
  return {
    step,
    isVisible: (view) => (step.language === 'python' ? view.python : interpreters ? view.interpreter : view.native),
    isTold: (told) => isTold(step, told),
    isInterpreters: interpreters,
    atStart,
  };
}

/** Finalizers run from C as well as from Python. */
function mayBeInterpreters(step: ForbiddenStep): boolean {
  return (
    isInterpreters(step) || step.alternatives.some((one) => one.kind === 'category' && one.category === 'finalizer')
  );
}

function compileStep(step: Step): CompiledStep {
  const matches = compilePart(step);
  return {
    step,
    matches,
    mayBe: (frame) => frame.unnamed && speaks(step, frame) && (step.place === undefined || mayBeAt(frame, step.place)),
    isVisible: (view) => isVisible(step, view),
    isTold: (told) => isTold(step, told),
    forbidden: step.forbidden.map(compilePart),
  };
}

function isTold({ alternatives }: Pick<Step, 'alternatives'>, told: ReadonlySet<Category>): boolean {
  return told.size > 0 && alternatives.some((one) => one.kind === 'category' && told.has(one.category));
}

type Part = Pick<Step, 'alternatives' | 'language' | 'place'>;

function compilePart(part: Part): (frame: KnownFrame) => boolean {
  const tests = part.alternatives.map(compileAlternative);
  return (frame) =>
    speaks(part, frame) &&
    tests.some((test) => test(frame)) &&
    (part.place === undefined || isAt(frame.frame, part.place));
}

function speaks({ language }: Part, { frame }: KnownFrame): boolean {
  return (
    language === undefined || language === frame.language || (language === 'native' && frame.language === 'kernel')
  );
}

function compileAlternative(alternative: Alternative): (frame: KnownFrame) => boolean {
  if (alternative.kind === 'any') return () => true;
  if (alternative.kind === 'category') return ({ categories }) => categories.has(alternative.category);
  const { name } = alternative;
  if (name.includes('*')) return ({ bare, canonical }) => matchesGlob(name, bare) || matchesGlob(name, canonical);
  // C++ and qualified Python names match on whole trailing parts.
  const cpp = `::${name}`;
  const qualified = `.${name}`;
  return ({ bare, canonical }) => bare === name || canonical === name || bare.endsWith(cpp) || bare.endsWith(qualified);
}

/** A module is known even where the function is not; a source file is not. */
function mayBeAt(frame: KnownFrame, place: string): boolean {
  return frame.frame.module === undefined || !/^lib|\.so/.test(place) || isAt(frame.frame, place);
}

function isVisible(step: Step, view: View): boolean {
  if (step.language === 'python') return view.python;
  const native = isInterpreters(step) ? view.interpreter : view.native;
  if (step.language === 'native') return native;
  return view.python && native;
}

/** "PyEval_RestoreThread", "take_gil": frames that py-spy leaves out even with --native. */
const INTERPRETER_NAME = /^_?_?Py[A-Z_]|^(?:take|drop)_gil$|^(?:slot|gc|subtype)_|^finalize_|^delete_garbage/;

function isInterpreters(step: Pick<Step, 'alternatives'>): boolean {
  return step.alternatives.every((alternative) => {
    if (alternative.kind === 'category') return INTERPRETER_CATEGORIES.has(alternative.category);
    return alternative.kind === 'name' && INTERPRETER_NAME.test(alternative.name);
  });
}

function requirementOf(step: Step): Requirement[] {
  const { alternatives, optional, needed } = step;
  const names: string[] = [];
  const categories: Category[] = [];
  for (const alternative of alternatives) {
    if (alternative.kind === 'category') categories.push(alternative.category);
    else if (alternative.kind === 'any' || alternative.name.includes('*')) return [];
    else names.push(lastPart(alternative.name));
  }
  return optional ? [] : [{ names, categories, needed, isVisible: (view) => isVisible(step, view) }];
}

/** The names of the required steps that are spelled out; the last parts, as a stack may have them qualified. */
function anchorsOf({ steps }: Signature): readonly string[] | undefined {
  const anchors: string[] = [];
  for (const { alternatives, optional } of steps) {
    if (optional) continue;
    for (const alternative of alternatives) {
      if (alternative.kind !== 'name') continue;
      if (alternative.name.includes('*')) return undefined;
      anchors.push(lastPart(alternative.name));
    }
  }
  return anchors.length === 0 ? undefined : anchors;
}
