import { makeFrame } from '../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from './_shared/logical-lines.ts';
import { parseTracebackFrame, TRACEBACK_WRAPPING } from './_shared/traceback-frames.ts';
import { watchSourceLines } from './_shared/traceback-source.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "Stack for <Task pending name='job (1)' coro=<f() running at /p.py:3>> (most recent call last):"
const HEADER = /^\s*(?<kind>Stack|Traceback|No stack) for (?<repr><\w*Task .*)$/;

// "(most recent call last):", on a later line where a repr holds newlines
const HEADER_END = / ?\(most recent call last\):?$/;

// "<Task pending name='Task-3' coro=<fetch() running at /srv/io.py:33> wait_for=<Future pending cb=[…]>>"
const REPR =
  /^[\s[{,]*<(?<type>\w*Task) (?<state>pending|finished|cancelled|cancelling)\b(?: name='(?<name>(?:[^'\\]|\\.)*)')?(?:.*?\bcoro=<(?<coroutine>[^\s(]*)(?:\(\))? (?<what>running at|done, defined at|running, defined at|defined at) (?<file>.+?):(?<line>\d+)>)?/;

// "wait_for=<Future pending cb=[Task.task_wakeup()]>"
const WAITS = /\bwait_for=<(?<future>[^\s>]+(?: \w+)?)/;

// "ValueError: x", behind the frames of a finished task
const EXCEPTION = /^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:: .*)?$/;

/** A repr may hold newlines of the user's own; further on it is not looked for its end. */
const MOST_HEADER_LINES = 5;

/**
 * `Task.print_stack()` and lists of tasks (`asyncio.all_tasks()`). Printed by Lib/asyncio/base_tasks.py; outermost
 * first. A suspended coroutine shows its own frame only, not the chain that it awaits.
 */
export default defineTextParser({
  format: 'asyncio-print-stack',
  tool: 'asyncio',
  title: "asyncio's `Task.print_stack()` and reprs of tasks",
  begins: /(?:Stack|Traceback|No stack) for <|[\s[{,]*<\w*Task /,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (HEADER.test(text)) return 'certain';
    return REPR.exec(text)?.groups?.coroutine !== undefined ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly moments: ProcessDraft[];
  /** Ids of this moment's tasks. */
  readonly seen: Set<string>;
  thread: ThreadDraft | undefined;
  /** Lines that a header may still take to reach its end. */
  headerLines: number;
  readonly sourceLines: ReturnType<typeof watchSourceLines>;
}

/** A task is shown as a thread without ids of the system: it runs on one, and is none. */
function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    moments: [],
    seen: new Set(),
    thread: undefined,
    headerLines: 0,
    sourceLines: watchSourceLines(),
  };
  const skipped = collectSkipped(rejoinLines(lines, TRACEBACK_WRAPPING), (line) => useLine(reading, line));
  for (const { threads } of reading.moments) for (const { frames } of threads) frames.reverse();
  return { processes: reading.moments, skipped };
}

function useLine(reading: Reading, line: LogicalLine): boolean {
  const header = HEADER.exec(line.text)?.groups;
  if (header?.repr !== undefined) {
    openTask(reading, line, header.repr, true);
    if (header.kind === 'No stack') reading.thread = undefined;
    reading.headerLines = HEADER_END.test(line.text) || reading.thread === undefined ? 0 : MOST_HEADER_LINES;
    return true;
  }
  if (useRepr(reading, line)) return true;
  const frame = parseTracebackFrame(line.text, { source: reading.source, line: line.number });
  if (frame !== undefined && reading.thread !== undefined) {
    reading.headerLines = 0;
    // The header has told the same place already.
    if (reading.thread.frames.at(-1)?.place.line === reading.thread.place.line) reading.thread.frames.pop();
    reading.thread.frames.push(frame);
    reading.sourceLines.expectAfter(line.text, reading.thread.frames);
    return true;
  }
  if (reading.headerLines > 0) {
    reading.headerLines = HEADER_END.test(line.text) ? 0 : reading.headerLines - 1;
    return true;
  }
  return reading.sourceLines.accepts(line.text) || useException(reading, line);
}

/** A stack of a task that was there before belongs to a second dump; a mere repr of it tells nothing new. */
function openTask(reading: Reading, line: Line, repr: string, startsMoment: boolean): void {
  const name = REPR.exec(repr)?.groups?.name;
  const place = { source: reading.source, line: line.number };
  const id = `task ${name ?? reading.seen.size + 1}`;
  if (reading.seen.has(id) && !startsMoment) return;
  if (reading.moments.length === 0 || reading.seen.has(id)) {
    reading.moments.push(draftProcess({ place }));
    reading.seen.clear();
  }
  const thread = draftThread({ id, name, view: PYTHON_VIEW, place });
  describeTask(thread, repr);
  reading.moments.at(-1)?.threads.push(thread);
  reading.seen.add(id);
  reading.thread = thread;
  reading.sourceLines.stop();
}

function describeTask(thread: ThreadDraft, repr: string): void {
  const { state = 'state unknown', coroutine, what, file, line } = REPR.exec(repr)?.groups ?? {};
  thread.notes.push(`asyncio task, ${state}`);
  const waits = WAITS.exec(repr)?.groups?.future;
  if (waits !== undefined) thread.notes.push(`waits for a ${waits}`);
  // "defined at" tells where the coroutine begins, not where it waits.
  if (coroutine === undefined || what !== 'running at') return;
  const { place } = thread;
  thread.frames.push(makeFrame({ language: 'python', function: coroutine, file, line: Number(line), place }));
}

/** A list of tasks: each line is a task by itself, or several on one line. */
function useRepr(reading: Reading, line: Line): boolean {
  if (REPR.exec(line.text)?.groups?.coroutine === undefined) return false;
  const reprs = line.text.split(/(?<=>), (?=<\w*Task (?:pending|finished|cancel))/);
  for (const repr of reprs) openTask(reading, line, repr, false);
  // Frames below would belong to something else.
  reading.thread = undefined;
  return true;
}

function useException({ thread }: Reading, { text }: Line): boolean {
  if (thread === undefined || thread.frames.length === 0 || !EXCEPTION.test(text)) return false;
  thread.notes.push(`ended by ${text.slice(0, 200)}`);
  return true;
}
