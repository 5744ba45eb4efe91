import type { View } from '../../model/thread.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from '../_shared/logical-lines.ts';
import { normaliseHex } from '../_shared/thread-identity.ts';
import { PYTHON_VIEW } from '../_shared/views.ts';
import type { Parsed, TextSection } from '../parser.ts';
import {
  C_STACK_HEADER,
  COLLECTING,
  CUT,
  FATAL,
  parseCFrame,
  parseFrame,
  REMARK,
  SINGLE_HEADER,
  THREAD_HEADER,
  TIMEOUT,
  TRAILER,
  WRAPPING,
} from './lines.ts';

/** The C part names exported functions of the interpreter and of every library. */
const C_VIEW: View = { python: false, native: true, interpreter: true, everyThread: false };

/** From Python 3.13 on a stack is cut here without a mark. */
const MOST_FRAMES = 100;

interface Reading {
  readonly source: string;
  readonly moments: ProcessDraft[];
  /** Where frames go; none between a cause and the first thread. */
  thread: ThreadDraft | undefined;
  fatal: string | undefined;
  /** Whether the next thread begins a new moment. */
  fresh: boolean;
  /** Ids seen in this moment. */
  readonly seen: Set<string>;
  /** The Python part of this moment's current thread. */
  current: ThreadDraft | undefined;
}

/**
 * Each repetition of the dump is a process of its own, so that the moments can be compared. The C stack of the current
 * thread is a second thread with the same pthread id: the merge knows how the two interleave, this parser does not.
 */
export function readDump({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    moments: [],
    thread: undefined,
    fatal: undefined,
    fresh: true,
    seen: new Set(),
    current: undefined,
  };
  const skipped = collectSkipped(rejoinLines(lines, WRAPPING), (line) => useLine(reading, line));
  for (const { threads } of reading.moments) for (const thread of threads) finish(thread);
  return { processes: reading.moments, skipped };
}

function useLine(reading: Reading, line: LogicalLine): boolean {
  return (
    useCause(reading, line.text) || useHeader(reading, line) || useContent(reading, line) || TRAILER.test(line.text)
  );
}

function useCause(reading: Reading, text: string): boolean {
  const fatal = FATAL.exec(text)?.groups;
  if (fatal === undefined && !TIMEOUT.test(text)) return false;
  reading.fatal = fatal === undefined ? undefined : `${fatal.kind}: ${fatal.reason}`;
  reading.fresh = true;
  reading.thread = undefined;
  return true;
}

function useHeader(reading: Reading, line: LogicalLine): boolean {
  const place = { source: reading.source, line: line.number };
  const found = THREAD_HEADER.exec(line.text)?.groups;
  if (found?.id !== undefined) {
    const { id, name } = found;
    const thread = draftThread({ id: `0x${id}`, pthreadId: normaliseHex(id), name, view: PYTHON_VIEW, place });
    addThread(reading, thread, found.current === 'Current thread');
    return true;
  }
  if (SINGLE_HEADER.test(line.text)) {
    addThread(reading, draftThread({ id: 'current', view: PYTHON_VIEW, place }), true);
    return true;
  }
  if (!C_STACK_HEADER.test(line.text)) return false;
  const { id = 'current', pthreadId, name } = reading.fresh ? {} : (reading.current ?? {});
  const thread = draftThread({ id, pthreadId, name, view: C_VIEW, notes: ['C stack of the current thread'], place });
  placeThread(reading, thread, reading.fresh);
  return true;
}

/** A thread that was seen before, or a second current one, shows that another dump has begun. */
function addThread(reading: Reading, thread: ThreadDraft, current: boolean): void {
  const repeated = reading.seen.has(thread.id) || (current && reading.current !== undefined);
  placeThread(reading, thread, reading.fresh || repeated);
  reading.seen.add(thread.id);
  if (!current) return;
  reading.current = thread;
  thread.notes.push('the thread that printed the dump');
  if (reading.fatal !== undefined) thread.notes.push(reading.fatal);
  reading.fatal = undefined;
}

function placeThread(reading: Reading, thread: ThreadDraft, opensMoment: boolean): void {
  if (opensMoment) startMoment(reading, thread);
  else reading.moments.at(-1)?.threads.push(thread);
  reading.thread = thread;
}

function startMoment(reading: Reading, thread: ThreadDraft): void {
  const process = draftProcess({ place: thread.place });
  process.threads.push(thread);
  reading.moments.push(process);
  reading.fresh = false;
  reading.seen.clear();
  reading.current = undefined;
}

function useContent(reading: Reading, line: LogicalLine): boolean {
  const place = { source: reading.source, line: line.number };
  const frame = parseFrame(line.text, place) ?? parseCFrame(line.text, place);
  if (frame !== undefined) {
    // The header of the first thread was cut off.
    if (reading.thread === undefined)
      addThread(reading, draftThread({ id: 'unknown', view: PYTHON_VIEW, place }), false);
    reading.thread?.frames.push(frame);
    return true;
  }
  const { thread } = reading;
  const remark = REMARK.exec(line.text)?.groups?.says;
  if (remark !== undefined) {
    thread?.notes.push(remark);
    return true;
  }
  if (thread === undefined) return false;
  if (COLLECTING.test(line.text)) thread.collecting = true;
  else if (CUT.test(line.text)) thread.truncated = thread.truncated || thread.frames.length > 0;
  else return false;
  return true;
}

// "_Py_DumpStack", "faulthandler_dump_c_stack_py", "Py_FatalError": the dump itself, and the handler that ran it
const DUMPER = /^(?:_Py_Dump|faulthandler_|_faulthandler_|_?Py_Fatal|_Py_FatalError)/;

/** What wrote the dump stands on the stack that it shows; below it what the thread was at. Static functions have no name. */
function dropDumper(thread: ThreadDraft): void {
  const last = thread.frames.findLastIndex((frame) => DUMPER.test(frame.function));
  if (last < 0) return;
  const next = thread.frames.findIndex((frame, index) => index > last && frame.function !== '');
  if (next >= 0) thread.frames.splice(0, next);
}

function finish(thread: ThreadDraft): void {
  if (!thread.view.python) dropDumper(thread);
  if (thread.view.python && thread.frames.length === MOST_FRAMES) thread.truncated = true;
}
