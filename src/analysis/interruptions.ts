import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import type { ThreadFacts } from './facts.ts';

/** Where code was put on top of a stack that did not call it: by the collector, by a dropped reference, by a signal. */
export interface Interruption {
  /** The outermost frame of what runs in between; what is further out was interrupted. */
  readonly index: number;
  readonly by: 'collector' | 'finalizer' | 'unknown';
}

/** The interruption nearest to the wait, if there is one. */
export function findInterruption({ frames, thread }: ThreadFacts): Interruption | undefined {
  const python = frames.some(({ frame }) => frame.language === 'python');
  const finalizer = frames.findIndex(
    (frame, index) =>
      index > 0 && (isFinalizer(frame) || isDropped(frames, index) || (!python && isDeallocator(frame))),
  );
  const collector = frames.findIndex((frame, index) => index > 0 && frame.categories.has('gc'));
  if (finalizer < 0 && collector < 0) {
    const index = findUncalled(frames);
    return index === undefined ? undefined : { index, by: thread.collecting ? 'collector' : 'unknown' };
  }
  // The collector calls the finalizer; a finalizer further out than the collector was interrupted itself.
  if (finalizer >= 0 && (collector < 0 || finalizer < collector))
    return { index: finalizer, by: collector >= 0 || thread.collecting ? 'collector' : 'finalizer' };
  return { index: collector, by: 'collector' };
}

function isFinalizer({ frame, categories }: KnownFrame): boolean {
  return frame.language === 'python' && categories.has('finalizer');
}

/** What multiprocessing registered for the end of an object, on top of code that does not end anything. */
function isDropped(frames: readonly KnownFrame[], index: number): boolean {
  const frame = frames[index];
  if (frame?.plain !== '__call__' || !isAt(frame.frame, 'multiprocessing/util.py')) return false;
  const below = frames.slice(index + 1).find((one) => one.frame.language === 'python');
  return (
    below !== undefined &&
    !isAt(below.frame, 'multiprocessing/util.py') &&
    !/^_?(?:terminate|close|shutdown|stop|cancel|cleanup|unlink|__exit__|__del__)/.test(below.plain)
  );
}

/** Where gdb shows no Python frames, the interpreter's call of __del__. */
function isDeallocator({ canonical }: KnownFrame): boolean {
  return /^(?:slot_tp_finalize|slot_tp_del|subtype_dealloc|gen_close\w*|PyGen_Finalize|handle_callback)$/.test(
    canonical,
  );
}

/**
 * Python code that stands on a function of the standard library that calls nobody: a generator that was closed or a
 * callback of a weak reference, whose frames do not say that.
 */
function findUncalled(frames: readonly KnownFrame[]): number | undefined {
  const python = frames.flatMap((frame, index) => (frame.frame.language === 'python' ? [{ frame, index }] : []));
  for (let at = 0; at + 1 < python.length; at += 1) {
    const one = python[at];
    const below = python[at + 1]?.frame;
    if (one === undefined || below === undefined) continue;
    if ((callsNobody(below) && !isAnswer(one.frame)) || isClosedGenerator(one.frame, below)) return one.index;
  }
  return undefined;
}

/** A constructor does not iterate over what another file yields: the generator was dropped, and is being closed here. */
function isClosedGenerator({ frame, plain }: KnownFrame, below: KnownFrame): boolean {
  return (
    /^(?:__iter__|__aiter__|a?iter_\w+|stream\w*|<genexpr>|generate\w*)$/.test(plain) &&
    /^__(?:init|new|enter)__$/.test(below.plain) &&
    frame.file !== below.frame.file
  );
}

/** Modules of the standard library whose functions call nothing that was given to them, and those of others that do not. */
const LEAVES =
  /(?:^|[\\/])(?:enum|uuid|random|_weakrefset|sre_\w+|selectors|tokenize|linecache|genericpath|posixpath|ntpath|tempfile|secrets|hashlib|base64|struct|socket|urllib[\\/]parse|re[\\/]_\w+|json[\\/]scanner|multiprocessing[\\/](?:synchronize|heap|connection))\.py$/;
const LEAF_FUNCTIONS: readonly (readonly [RegExp, RegExp])[] = [
  [/(?:^|[\\/])threading\.py$/, /^(?:__init__|notify|notify_all|set|clear|is_set|start|current_thread|_newname)$/],
  [
    /(?:^|[\\/])logging[\\/]__init__\.py$/,
    /^(?:__init__|findCaller|currentframe|isEnabledFor|getEffectiveLevel|release)$/,
  ],
  [/(?:^|[\\/])weakref\.py$/, /^(?:__init__|__new__)$/],
];

function callsNobody({ frame, plain }: KnownFrame): boolean {
  const { file } = frame;
  if (file === undefined) return false;
  return LEAVES.test(file) || LEAF_FUNCTIONS.some(([place, name]) => place.test(file) && name.test(plain));
}

/** What any code calls by the way: comparisons, representations, properties; and the leaves' own inner calls. */
function isAnswer(known: KnownFrame): boolean {
  const { frame, plain } = known;
  if (/^__(?!iter__|del__|exit__)\w+__$/.test(plain)) return true;
  return (
    callsNobody(known) ||
    /(?:^|[\\/])(?:threading|socket|ssl|logging[\\/]__init__|re[\\/]_\w+|enum|types|functools|collections[\\/]\w+|weakref|multiprocessing[\\/]\w+)\.py$|^</.test(
      frame.file ?? '',
    )
  );
}
