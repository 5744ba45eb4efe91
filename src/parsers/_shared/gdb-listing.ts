import { type Frame, makeFrame, type Variable } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import type { GilState } from '../../model/thread.ts';
import { splitArguments } from './gdb-arguments.ts';
import type { GdbFrame } from './gdb-frame.ts';
import type { GdbThread } from './gdb-identity.ts';
import { type Marker, type PythonFrame, readFrameObject } from './gdb-python.ts';

/** A frame with gdb's number for it; elements of py-bt have -1. */
export interface Entry {
  readonly level: number;
  readonly isPython: boolean;
  readonly frame: Frame;
  /** Address of the frame object of a Python frame: equal for two C frames of one call. */
  readonly object?: string | undefined;
  /** The array behind `frame.locals` while `bt full` prints them. */
  readonly locals?: Variable[];
}

/**
 * One list of frames that gdb printed. `preview` is the lone frame behind a change of thread, `row` a line of
 * `info threads`, `python` a `py-bt`.
 */
export interface Listing {
  thread: GdbThread;
  shape: 'backtrace' | 'python' | 'preview' | 'row';
  /** Printed for one thread after another, each under its number. */
  isHeaded: boolean;
  readonly entries: Entry[];
  /** The number of the last native frame, -1 before the first. */
  lastNative: number;
  /** The frame object of the first Python frame: when it comes again, so does the list. */
  firstObject: string | undefined;
  isTruncated: boolean;
  isCollecting: boolean;
  gil: GilState | undefined;
  readonly notes: string[];
  readonly place: Place;
}

const GIL_NOTE =
  'py-bt says "Waiting for the GIL"; helpers of Python 2 and of Python 3 before March 2020 also say so of other lock waits';

// "_PyEval_EvalFrameDefault", "PyEval_EvalFrameEx", "_PyEval_EvalFrame": C functions that run a Python frame; and
// "call_function (f=Frame 0x937b47c, …)" of Python 2, part of the first, which an excerpt may leave out
const EVAL = /Eval_?Frame|^(?:call|fast)_function$/;

export function startListing(known: Pick<Listing, 'thread' | 'shape' | 'isHeaded' | 'place'>): Listing {
  return {
    entries: [],
    lastNative: -1,
    firstObject: undefined,
    isTruncated: false,
    isCollecting: false,
    gil: undefined,
    notes: [],
    ...known,
  };
}

/** Whether every frame so far is Python's: the list is a `py-bt-full`. */
export function isPythonOnly(listing: Listing): boolean {
  return listing.shape === 'python' || (listing.entries.length > 0 && listing.entries.every((entry) => entry.isPython));
}

/**
 * Adds a native frame, and the Python frame that it evaluates where the helper prints that as an argument
 * (`f=Frame 0x7f.., for file a.py, line 4, in inner ()`, Python 3.10 and before). The C frame stands innermost of the
 * two. `_PyEval_EvalFrameDefault` and its callers show the same frame object, which is one Python frame.
 */
export function addNative(listing: Listing, gdb: GdbFrame, place: Place): void {
  const { level, function: name, address, arguments: args, file, line, module } = gdb;
  // One literal: this runs for each line of a dump, and spreading objects is dear.
  const frame = makeFrame({ language: 'native', function: name, file, line, module, address, arguments: args, place });
  listing.lastNative = level;
  listing.entries.push({ level, isPython: false, frame });
  if (!(name.includes('Eval') || name.endsWith('_function')) || !EVAL.test(name)) return;
  // Older versions break the line before a value that is long.
  const value = args.map((argument) => argument.value.trimStart()).find((text) => text.startsWith('Frame 0x'));
  const python = value === undefined ? undefined : readFrameObject(value, 0);
  if (python === undefined) return;
  const before = listing.entries.findLast(({ isPython }) => isPython);
  if (before === undefined || before.object !== python.object) addPython(listing, level, python, place);
}

export function addPython(listing: Listing, level: number, python: PythonFrame, place: Place): void {
  const { function: name, file, line, object } = python;
  const locals = splitArguments(python.locals);
  const frame = makeFrame({ language: 'python', function: name, file, line, locals, place });
  listing.firstObject ??= object;
  listing.entries.push({ level, isPython: true, frame, object });
}

export function addSourceLine({ entries }: Listing, sourceLine: string): void {
  const entry = entries.at(-1);
  if (entry?.isPython === true) entries[entries.length - 1] = { ...entry, frame: { ...entry.frame, sourceLine } };
}

/** Adds what `bt full` prints below the last frame. */
export function addLocal({ entries }: Listing, local: Variable): void {
  const entry = entries.at(-1);
  if (entry === undefined) return;
  if (entry.locals !== undefined) entry.locals.push(local);
  else {
    const locals = [local];
    entries[entries.length - 1] = { ...entry, frame: { ...entry.frame, locals }, locals };
  }
}

export function addMarker(listing: Listing, level: number, marker: Marker, place: Place): void {
  if (marker.says === 'collecting') {
    listing.isCollecting = true;
    // Its place tells what was interrupted.
    addEntry(listing, level, makeFrame({ language: 'native', function: 'Garbage-collecting', place }));
  } else if (marker.says === 'waits-for-gil') {
    listing.gil = 'waits';
    if (!listing.notes.includes(GIL_NOTE)) listing.notes.push(GIL_NOTE);
  } else if (marker.says === 'unreadable-frame') {
    addEntry(listing, level, makeFrame({ language: 'python', function: '', place }));
  } else if (marker.says === 'c-function') {
    const args = marker.self === undefined ? [] : [{ name: 'self', value: marker.self }];
    addEntry(listing, level, makeFrame({ language: 'native', function: marker.function, arguments: args, place }));
  }
}

/** A marker stands in a list of Python frames, so it counts as one of them, whatever its language. */
function addEntry(listing: Listing, level: number, frame: Frame): void {
  listing.entries.push({ level, isPython: true, frame });
}
