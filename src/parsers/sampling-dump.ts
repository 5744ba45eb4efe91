import { type Frame, makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from './_shared/logical-lines.ts';
import { identify } from './_shared/thread-identity.ts';
import { parseTracebackFrame, TRACEBACK_WRAPPING } from './_shared/traceback-frames.ts';
import { watchSourceLines } from './_shared/traceback-source.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Parsed, type TextSection } from './parser.ts';

// "Stack dump for PID 4242, thread 4242 (main thread, has GIL, on CPU; most recent call last):"
const HEADER =
  /^\s*Stack dump(?: for PID (?<pid>\d+))?(?:, thread (?<tid>\d+))?(?: \((?<notes>.*?);? ?most recent call last\))?:$/;

// "  File "/srv/a.py", in Pool.run", where the line is not known
const LINELESS = /^\s*File "(?<file>[^"]*)", in (?<function>.+)$/;

// "  <GC>", "  <native>", "  Pool.run": frames without a file
const FILELESS = /^ {1,4}(?<function><[\w ]+>|[A-Za-z_][\w.<>]*)$/;

// "  opcode=CALL" behind a frame
const OPCODE = / {2}opcode=\S+$/;

const NOTHING =
  /^\s*(?:No Python frames|No Python stacks found for PID (?<pid>\d+)|\[source file changed after process started\])$/;

/** `python -m profiling.sampling dump PID`, Python 3.15. Printed by Lib/profiling/sampling/dump.py; outermost first. */
export default defineTextParser({
  format: 'sampling-dump',
  tool: 'profiling.sampling',
  title: '`python -m profiling.sampling dump` (Python 3.15)',
  begins: /Stack dump/,
  opens(lines, at) {
    return HEADER.test(lines[at]?.text ?? '') ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  thread: ThreadDraft | undefined;
  readonly sourceLines: ReturnType<typeof watchSourceLines>;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: [], thread: undefined, sourceLines: watchSourceLines() };
  const skipped = collectSkipped(rejoinLines(lines, TRACEBACK_WRAPPING), (line) => useLine(reading, line));
  for (const { threads } of reading.processes) for (const { frames } of threads) frames.reverse();
  return { processes: reading.processes, skipped };
}

function useLine(reading: Reading, line: LogicalLine): boolean {
  const { text } = line;
  const found = HEADER.exec(text)?.groups;
  if (found !== undefined) {
    openThread(reading, line, found);
    return true;
  }
  if (NOTHING.test(text)) return true;
  const { thread } = reading;
  if (thread === undefined) return false;
  const frame = parseFrame(text.replace(OPCODE, ''), { source: reading.source, line: line.number });
  if (frame === undefined) return reading.sourceLines.accepts(text);
  if (frame.function === '<GC>') thread.collecting = true;
  thread.frames.push(frame);
  reading.sourceLines.expectAfter(text, thread.frames);
  return true;
}

/** The pid stands in the first header of a dump only. */
function openThread(reading: Reading, line: LogicalLine, found: { [key: string]: string | undefined }): void {
  const place = { source: reading.source, line: line.number };
  if (found.pid !== undefined || reading.processes.length === 0) {
    reading.processes.push(draftProcess({ pid: found.pid === undefined ? undefined : Number(found.pid), place }));
  }
  const id = found.tid ?? 'unknown';
  const thread = draftThread({ id, ...identify(id), view: PYTHON_VIEW, place });
  for (const note of found.notes?.split(/[;,]/) ?? []) takeNote(thread, note.trim());
  reading.processes.at(-1)?.threads.push(thread);
  reading.thread = thread;
  reading.sourceLines.stop();
}

/** "main thread", "has GIL", "on CPU", "waiting for GIL", "idle", "has exception", "interpreter 0", "task 0x7f10" */
function takeNote(thread: ThreadDraft, note: string): void {
  if (note === 'main thread') thread.name = 'MainThread';
  else if (note === 'has GIL') thread.gil = 'holds';
  else if (note === 'waiting for GIL') thread.gil = 'waits';
  else if (note === 'on CPU') thread.activity = 'active';
  else if (note === 'idle') thread.activity = 'idle';
  else if (note !== '' && note !== 'interpreter 0') thread.notes.push(note);
}

function parseFrame(text: string, place: Place): Frame | undefined {
  const plain = parseTracebackFrame(text, place);
  if (plain !== undefined) return plain;
  const lineless = LINELESS.exec(text)?.groups;
  if (lineless?.function !== undefined) {
    return makeFrame({ language: 'python', function: lineless.function, file: lineless.file, place });
  }
  const name = FILELESS.exec(text)?.groups?.function;
  if (name === undefined || (/^ {3}/.test(text) && !name.startsWith('<'))) return undefined;
  return makeFrame({ language: name === '<native>' ? 'native' : 'python', function: name, place });
}
