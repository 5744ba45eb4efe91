import type { FrameKnowledge } from '../frames/known-frame.ts';
import { type Frame, isUnnamed } from '../model/frame.ts';
import { joinViews, type Thread } from '../model/thread.ts';
import { frameKey, type SeenThread } from './threads.ts';
import { weave } from './weave.ts';

/** One thread from all that was seen of it. */
/** @param elsewhere the thread in dumps of other moments, for what the chosen moment does not show */
export function mergeThread(
  seen: SeenThread,
  elsewhere: readonly Thread[],
  knowledge: FrameKnowledge,
): Thread | undefined {
  const [first] = seen;
  if (first === undefined) return undefined;
  const main = bestNamed(seen);
  const nativeId = firstKnown(seen, 'nativeId');
  return {
    ...main,
    // The kernel's id is the one that every further command wants.
    id: seen.length > 1 && nativeId !== undefined ? String(nativeId) : main.id,
    nativeId,
    pthreadId: firstKnown(seen, 'pthreadId'),
    name: telling(seen) ?? firstKnown(seen, 'name'),
    activity: firstKnown(seen, 'activity'),
    gil: firstKnown(seen, 'gil'),
    mutexOwner: firstKnown(seen, 'mutexOwner'),
    collecting: seen.some(({ collecting }) => collecting),
    notes: [...new Set(seen.flatMap(({ notes }) => notes))],
    ...withVariables(mergeStacks(seen, knowledge), elsewhere),
  };
}

type Stack = Pick<Thread, 'frames' | 'view' | 'truncated' | 'unplaced'>;

function mergeStacks(seen: SeenThread, knowledge: FrameKnowledge): Stack {
  const whole = richest(seen.filter(({ view, frames }) => view.python && view.interpreter && frames.length > 0));
  const python = richest(seen.filter(({ view }) => view.python && !view.interpreter));
  const native = richest(seen.filter(({ view }) => view.interpreter && !view.python));
  if (whole !== undefined) return { ...stackOf(whole), frames: fillFromPython(whole.frames, pythonOf(seen, whole)) };
  if (python === undefined || native === undefined) return stackOf(python ?? native ?? seen[0] ?? EMPTY);
  const pythonFrames = fillFromPython(
    python.frames.filter(({ language }) => language === 'python'),
    pythonOf(seen, python),
  );
  if (pythonFrames.length === 0) return { ...stackOf(native), view: joinViews(python.view, native.view) };
  if (native.frames.length === 0) return stackOf(python);
  const woven = weave({ python: pythonFrames, native: native.frames, truncated: native.truncated }, knowledge);
  const view = joinViews(python.view, native.view);
  return {
    ...woven,
    // Frames of the interpreter that could not be placed are not visible to a signature.
    view: woven.unplaced.length === 0 ? view : { ...view, interpreter: false },
    truncated: python.truncated,
  };
}

/** Where the stack is the same at another moment, the calls are, and with them what they were given. */
function withVariables(stack: Stack, elsewhere: readonly Thread[]): Stack {
  const telling = elsewhere
    .map(({ frames }) => frames.filter(({ language }) => language === 'python'))
    .filter((frames) => frames.some((frame) => frame.arguments.length + frame.locals.length > 0));
  return telling.length === 0 ? stack : { ...stack, frames: fillFromPython(stack.frames, telling) };
}

const EMPTY: Stack = {
  frames: [],
  view: { python: false, native: false, interpreter: false, everyThread: false },
  truncated: false,
  unplaced: [],
};

function stackOf({ frames, view, truncated, unplaced }: Stack): Stack {
  return { frames, view, truncated, unplaced };
}

/** The stack that says most: the most frames that have a name. Of equal ones the first. */
function richest(seen: SeenThread): Thread | undefined {
  let best: Thread | undefined;
  let most = -1;
  for (const thread of seen) {
    const named = thread.frames.filter((frame) => !isUnnamed(frame)).length;
    if (named > most) {
      best = thread;
      most = named;
    }
  }
  return best;
}

/** The Python frames of all other sightings, those with variables first. */
function pythonOf(seen: SeenThread, chosen: Thread | undefined): (readonly Frame[])[] {
  return seen
    .filter((thread) => thread !== chosen && thread.view.python)
    .map(({ frames }) => frames.filter(({ language }) => language === 'python'));
}

/** Takes locals, arguments, lines of source and entry marks that only other tools' dumps have, where they show the same Python stack. */
function fillFromPython(frames: readonly Frame[], others: readonly (readonly Frame[])[]): readonly Frame[] {
  return others.reduce(fillFromOne, frames);
}

function fillFromOne(frames: readonly Frame[], others: readonly Frame[]): readonly Frame[] {
  const python = frames.filter(({ language }) => language === 'python');
  if (others.length !== python.length || !python.every((frame, index) => sameFrame(frame, others[index])))
    return frames;
  let next = 0;
  return frames.map((frame) => {
    const other = frame.language === 'python' ? others[next] : undefined;
    if (frame.language === 'python') next += 1;
    if (other === undefined) return frame;
    return {
      ...frame,
      entry: frame.entry ?? other.entry,
      sourceLine: frame.sourceLine ?? other.sourceLine,
      arguments: frame.arguments.length > 0 ? frame.arguments : other.arguments,
      locals: frame.locals.length > 0 ? frame.locals : other.locals,
    };
  });
}

function sameFrame(one: Frame, other: Frame | undefined): boolean {
  return other !== undefined && frameKey(one) === frameKey(other);
}

/** Python's name of a thread says more than the kernel's, which is the program's until somebody sets it. */
function telling(seen: SeenThread): string | undefined {
  return seen.find(({ name }) => name !== undefined && name !== '' && !PROGRAM.test(name))?.name;
}

/** "python3.11", "pt_main_thread": names that every thread of a program has. */
const PROGRAM = /^(?:python[\d.]*t?|pt_main_thread)$/;

/** The sighting whose id people will recognise: one with an id at all. */
function bestNamed(seen: SeenThread): Thread {
  const [first] = seen;
  const found = seen.find(({ view, id }) => view.python && id !== '') ?? seen.find(({ id }) => id !== '') ?? first;
  if (found === undefined) throw new Error('a merged thread was seen by nobody');
  return found;
}

function firstKnown<Key extends 'nativeId' | 'pthreadId' | 'name' | 'activity' | 'gil' | 'mutexOwner'>(
  seen: SeenThread,
  key: Key,
): Thread[Key] {
  for (const thread of seen) if (thread[key] !== undefined) return thread[key];
  const none: Thread[Key] = undefined;
  return none;
}
