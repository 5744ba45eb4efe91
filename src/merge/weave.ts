import type { FrameKnowledge, KnownFrame } from '../frames/known-frame.ts';
import { lastPart } from '../frames/names.ts';
import { isAt } from '../frames/places.ts';
import type { Frame } from '../model/frame.ts';

/** A stack made of two, and what of the native one could not be placed. */
export interface Woven {
  readonly frames: readonly Frame[];
  readonly unplaced: readonly Frame[];
}

interface Stacks {
  /** Innermost first. */
  readonly python: readonly Frame[];
  /** Innermost first. */
  readonly native: readonly Frame[];
  /** Whether the native stack's outer end was cut off. */
  readonly truncated: boolean;
}

/**
 * Puts Python frames among the native ones. Each evaluation frame stands for the Python frames of one run of the
 * interpreter's loop: exactly one before Python 3.11, one or more since. A Python frame follows, outwards, the evaluation
 * frame that runs it.
 */
export function weave({ python, native, truncated }: Stacks, knowledge: FrameKnowledge): Woven {
  const known = native.map((frame) => knowledge.lookUp(frame));
  const loops = known.flatMap(({ categories }, index) => (categories.has('eval') ? [index] : []));
  if (loops.length === 0) return withoutLoops(python, known);
  const runs = assignRuns(python, known, { loops, truncated });
  if (runs === undefined) return sideBySide(python, known);
  const frames: Frame[] = [];
  let from = 0;
  loops.forEach((loop, number) => {
    // Not `push(...)`: the stack of an endless recursion would overflow our own.
    for (const frame of native.slice(from, loop + 1)) frames.push(frame);
    for (const frame of runs[number] ?? []) frames.push(frame);
    from = loop + 1;
  });
  // What a cut-off native stack does not reach is still outside everything that it shows.
  for (const frame of native.slice(from)) frames.push(frame);
  for (const frame of python.slice(runs.flat().length)) frames.push(frame);
  return { frames, unplaced: [] };
}

interface Loops {
  /** Indices of evaluation frames in the native stack, innermost first. */
  readonly loops: readonly number[];
  readonly truncated: boolean;
}

/** The Python frames of each evaluation frame, innermost first, or undefined where the dump does not tell. */
function assignRuns(
  python: readonly Frame[],
  native: readonly KnownFrame[],
  { loops, truncated }: Loops,
): Frame[][] | undefined {
  if (python.length === loops.length || (truncated && python.length > loops.length && !hasGaps(python))) {
    return loops.map((_, number) => python.slice(number, number + 1));
  }
  if (python.length < loops.length) return undefined;
  const ends = endsByEntry(python, loops.length) ?? endsByCaller(python, native, loops);
  if (ends === undefined) return undefined;
  return ends.map((end, number) => python.slice(number === 0 ? 0 : ends[number - 1], end));
}

/** Whether py-spy said which frames have an evaluation frame of their own: then counting is wrong. */
function hasGaps(python: readonly Frame[]): boolean {
  return python.some(({ entry }) => entry === false);
}

/** Where the outermost frame of each run ends, as exclusive indices, from py-spy's own mark. */
function endsByEntry(python: readonly Frame[], count: number): number[] | undefined {
  const ends = python.flatMap(({ entry }, index) => (entry === true ? [index + 1] : []));
  return ends.length === count ? ends : undefined;
}

/** What a C function of the interpreter calls in Python: the outermost frame of the run that it begins. */
const CALLEES: Readonly<Record<string, string>> = {
  slot_tp_finalize: '__del__',
  slot_tp_del: '__del__',
  slot_tp_init: '__init__',
  slot_tp_new: '__new__',
  slot_tp_call: '__call__',
  slot_tp_iter: '__iter__',
  slot_tp_iternext: '__next__',
  slot_tp_getattr_hook: '__getattr__',
  slot_tp_setattro: '__setattr__',
  slot_tp_repr: '__repr__',
  slot_tp_str: '__str__',
  slot_tp_hash: '__hash__',
  slot_tp_richcompare: '__eq__',
  slot_sq_contains: '__contains__',
  slot_mp_subscript: '__getitem__',
  slot_mp_ass_subscript: '__setitem__',
  slot_mp_length: '__len__',
  slot_tp_descr_get: '__get__',
  import_find_and_load: '_find_and_load',
};

/**
 * Python functions that call what they were given with `*args` or through C, which begins a run of its own: the frame
 * inside of them is the outermost of that run.
 */
const TRAMPOLINES: readonly (readonly [string, string])[] = [
  ['run', 'threading.py'],
  ['run', 'multiprocessing/process.py'],
  ['run', 'concurrent/futures/thread.py'],
  ['worker', 'multiprocessing/pool.py'],
  ['_process_worker', 'concurrent/futures/process.py'],
  ['_run', 'asyncio/events.py'],
  ['_call_with_frames_removed', '<frozen importlib._bootstrap>'],
];

/**
 * The same from the native callers: slots name the method that they call, and what begins a thread or the program calls
 * the outermost frame. Where a run's caller says nothing and there is more than one way, nothing is guessed.
 */
function endsByCaller(
  python: readonly Frame[],
  native: readonly KnownFrame[],
  loops: readonly number[],
): number[] | undefined {
  const ends: number[] = [];
  let from = 0;
  for (const [number, loop] of loops.entries()) {
    const left = loops.length - number - 1;
    const callee = calleeOf(native, loop, loops[number + 1]);
    const end =
      left === 0
        ? python.length
        : callee === undefined
          ? indexOfTrampoline(python, from)
          : indexOfFunction(python, callee, from);
    // No word from the caller: only sure when every remaining frame has a loop of its own.
    const sure = end ?? (python.length - from === left + 1 ? from + 1 : undefined);
    if (sure === undefined || sure <= from || python.length - sure < left) return undefined;
    ends.push(sure);
    from = sure;
  }
  return ends;
}

function calleeOf(native: readonly KnownFrame[], loop: number, next: number | undefined): string | undefined {
  for (const { bare } of native.slice(loop + 1, next)) {
    const callee = CALLEES[bare];
    if (callee !== undefined) return callee;
  }
  return undefined;
}

function indexOfFunction(python: readonly Frame[], name: string, from: number): number | undefined {
  const index = python.findIndex((frame, at) => at >= from && lastPart(frame.function) === name);
  return index < 0 ? undefined : index + 1;
}

function indexOfTrampoline(python: readonly Frame[], from: number): number | undefined {
  const index = python.findIndex(
    (frame, at) =>
      at > from && TRAMPOLINES.some(([name, place]) => lastPart(frame.function) === name && isAt(frame, place)),
  );
  return index < 0 ? undefined : index;
}

/** No evaluation frame: a backtrace of only the inner end, or an interpreter without symbols. */
function withoutLoops(python: readonly Frame[], native: readonly KnownFrame[]): Woven {
  const inner = native.findIndex(isInterpreters);
  if (inner < 0) return { frames: [...native.map(({ frame }) => frame), ...python], unplaced: [] };
  return sideBySide(python, native);
}

/** What lies inside the interpreter's innermost frame was called by the innermost Python frame; more is not known. */
function sideBySide(python: readonly Frame[], native: readonly KnownFrame[]): Woven {
  const inner = native.findIndex((known) => isInterpreters(known) || known.categories.has('eval'));
  const called = native.slice(0, Math.max(inner, 0)).map(({ frame }) => frame);
  return { frames: [...called, ...python], unplaced: native.map(({ frame }) => frame) };
}

/** "?? () from /usr/lib/libpython3.11.so.1.0", "?? () from /usr/bin/python3.9", "PyObject_Call ()" */
function isInterpreters({ frame, bare, plumbing, categories }: KnownFrame): boolean {
  // Libraries ask for the GIL as well as the interpreter does: that says nothing of who called.
  if (categories.has('gil-wait') || categories.has('gil-drop')) return false;
  if (/(?:^|\/)(?:lib)?python\d?(?:\.\d+)?[^/]*$/.test(frame.module ?? '')) return true;
  return plumbing && /^_?Py|^cfunction|^method_/.test(bare);
}
