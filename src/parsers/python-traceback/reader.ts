import type { Frame } from '../../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from '../_shared/logical-lines.ts';
import { parseHeading } from '../_shared/thread-headings.ts';
import { identify } from '../_shared/thread-identity.ts';
import { parseTracebackFrame, TRACEBACK_WRAPPING } from '../_shared/traceback-frames.ts';
import { watchSourceLines } from '../_shared/traceback-source.ts';
import { PYTHON_VIEW } from '../_shared/views.ts';
import type { Parsed, TextSection } from '../parser.ts';
import * as grammar from './lines.ts';
import { parseNotebookFrame, parseNotebookSource } from './notebook.ts';

/** One traceback of a chain; frames outermost first. */
interface Block {
  readonly frames: Frame[];
  exception: string | undefined;
}

interface Stack {
  readonly thread: ThreadDraft;
  readonly blocks: Block[];
}

class TracebackReader {
  readonly #source: string;
  /** Numbers of the lines right below which a stack begins: only they can be headings, all else is prose. */
  readonly #above: ReadonlySet<number>;
  readonly #processes: ProcessDraft[] = [];
  /** The process of all threads that no title gives to another. */
  #own: ProcessDraft | undefined;
  readonly #stacks: Stack[] = [];
  readonly #sourceLines = watchSourceLines();
  /** Where frames go; none after an exception line has ended the stack. */
  #open: Block | undefined;
  /** Headings whose tracebacks are still to come. Processes write at once: two titles, two tracebacks. */
  readonly #titled: Stack[] = [];
  /** Tracebacks whose frames are still to come, for the same reason. */
  readonly #waiting: Block[] = [];
  #chained = false;
  #notebook = false;

  constructor({ source, lines }: TextSection) {
    this.#source = source;
    const above = lines.filter((_, at) => grammar.stackFollows(lines, at) || grammar.tracebackFollows(lines, at));
    this.#above = new Set(above.map(({ number }) => number));
  }

  read(line: LogicalLine): boolean {
    return this.#readTitle(line) || this.#readFrame(line) || this.#readBody(line.text) || this.#readHeading(line);
  }

  finish(): ProcessDraft[] {
    for (const { thread, blocks } of this.#stacks) settle(thread, blocks);
    for (const process of this.#processes) process.threads = process.threads.filter(({ frames }) => frames.length > 0);
    return this.#processes.filter(({ threads }) => threads.length > 0);
  }

  #readTitle(line: LogicalLine): boolean {
    const { text } = line;
    const notebook = grammar.NOTEBOOK_TRACEBACK.exec(text)?.groups;
    if (notebook !== undefined || grammar.TRACEBACK.test(text)) {
      this.#notebook = notebook !== undefined;
      this.#openBlock(line);
      return true;
    }
    if (!this.#above.has(line.number)) return false;
    const thread = (grammar.EXCEPTION_IN_THREAD.exec(text) ?? grammar.THREAD_TITLE.exec(text))?.groups;
    if (thread !== undefined) {
      const { name = '' } = thread;
      const printed = /^(?:0x[0-9a-f]+|\d+)$/i.test(name);
      this.#title(line, { id: name, name: printed || name === '' ? undefined : name, ...identify(name) });
      return true;
    }
    const process = grammar.PROCESS_TITLE.exec(text)?.groups?.name;
    if (process !== undefined) return this.#startProcess(line, process);
    const ignored = grammar.IGNORED.exec(text)?.groups?.says;
    if (ignored === undefined) return false;
    this.#title(line, { id: '', notes: [ignored] });
    return true;
  }

  /** "Process ForkPoolWorker-3:": its traceback comes from the main thread of another process. */
  #startProcess(line: LogicalLine, name: string): boolean {
    const process = draftProcess({ origin: name, place: { source: this.#source, line: line.number } });
    this.#processes.push(process);
    this.#title(line, { id: '', notes: [`of the process ${name}`] }, process);
    return true;
  }

  #title(line: LogicalLine, known: Partial<ThreadDraft> & { id: string }, process?: ProcessDraft): void {
    // Only processes mix their output; a thread's traceback without frames stays without.
    if (process === undefined) this.#waiting.length = 0;
    const owner = process ?? this.#ownProcess(line);
    const id = known.id === '' ? String(owner.threads.length + 1) : known.id;
    const thread = draftThread({ ...known, id, view: PYTHON_VIEW, place: { source: this.#source, line: line.number } });
    owner.threads.push(thread);
    const stack = { thread, blocks: [] };
    this.#titled.push(stack);
    this.#stacks.push(stack);
    this.#close();
  }

  #ownProcess(line: LogicalLine): ProcessDraft {
    if (this.#own === undefined) {
      this.#own = draftProcess({ place: { source: this.#source, line: line.number } });
      this.#processes.push(this.#own);
    }
    return this.#own;
  }

  #close(): void {
    this.#open = undefined;
    this.#sourceLines.stop();
  }

  /** A traceback belongs to the oldest title without one, or goes on with a chain, or is a thread of its own. */
  #openBlock(line: LogicalLine): void {
    if (this.#titled.length === 0 && !this.#chained) this.#title(line, { id: '' });
    const stack = this.#titled.shift() ?? this.#stacks.at(-1);
    const block: Block = { frames: [], exception: undefined };
    stack?.blocks.push(block);
    this.#waiting.push(block);
    this.#chained = false;
    this.#close();
  }

  #readFrame(line: LogicalLine): boolean {
    const place = { source: this.#source, line: line.number };
    const text = grammar.withoutGuides(line.text);
    const plain = parseTracebackFrame(text, place);
    const frame = plain ?? parseNotebookFrame(line.text, place);
    if (frame === undefined) return false;
    if (this.#open === undefined && this.#waiting.length === 0) this.#openBlock(line);
    this.#open ??= this.#waiting.shift();
    this.#notebook = plain === undefined;
    this.#open?.frames.push(frame);
    this.#sourceLines.expectAfter(text, this.#open?.frames);
    if (plain === undefined) this.#sourceLines.stop();
    return true;
  }

  #readBody(text: string): boolean {
    if (grammar.CHAIN.test(text)) {
      this.#chained = this.#stacks.length > 0;
      this.#close();
      return true;
    }
    if (grammar.GROUP_RULE.test(text)) return true;
    if (this.#open === undefined) return false;
    const repeated = grammar.REPEATED.exec(text)?.groups?.count;
    if (repeated !== undefined) return repeatLast(this.#open.frames, Number(repeated));
    if (this.#notebook && readNotebookSource(this.#open.frames, text)) return true;
    const exception = grammar.parseException(text);
    if (exception === undefined) return this.#sourceLines.accepts(grammar.withoutGuides(text));
    this.#open.exception = exception;
    this.#close();
    return true;
  }

  /** Between two stacks of `print_stack`, any line that speaks of a thread names the one below it. */
  #readHeading(line: LogicalLine): boolean {
    const heading = this.#above.has(line.number) ? parseHeading(line.text) : undefined;
    if (heading === undefined) return false;
    this.#title(line, heading);
    return true;
  }
}

export function readTracebacks(section: TextSection): Parsed {
  const reader = new TracebackReader(section);
  const skipped = collectSkipped(rejoinLines(section.lines, TRACEBACK_WRAPPING), (line) => reader.read(line));
  return { processes: reader.finish(), skipped };
}

/** Enough to show a recursion; the rest is the same line. */
const MOST_REPEATS = 100;

function repeatLast(frames: Frame[], count: number): boolean {
  const last = frames.at(-1);
  if (last === undefined) return false;
  for (let copy = 0; copy < Math.min(count, MOST_REPEATS); copy += 1) frames.push(last);
  return true;
}

/** IPython before 8 gives the line only by the arrow in the source. */
function readNotebookSource(frames: Frame[], text: string): boolean {
  const found = parseNotebookSource(text);
  const last = frames.at(-1);
  if (found === undefined || last === undefined) return /^\s*-{20,}$/.test(text);
  if (found.line !== undefined && last.line === undefined) frames[frames.length - 1] = { ...last, line: found.line };
  return true;
}

/**
 * Of a chain, the traceback that an interruption ended shows where the process hung, whatever failed afterwards;
 * without one the last traceback is the newest.
 */
function settle(thread: ThreadDraft, blocks: readonly Block[]): void {
  const filled = blocks.filter(({ frames }) => frames.length > 0);
  const interrupted = filled.findLast(({ exception }) => exception !== undefined && grammar.isInterruption(exception));
  const chosen = interrupted ?? filled.at(-1);
  if (chosen === undefined || grammar.isOfDebugger(chosen.exception)) return;
  thread.frames = [...callersOf(chosen, filled.at(-1) ?? chosen), ...chosen.frames].toReversed();
  thread.collecting = thread.frames.some((frame) => frame.function === 'Garbage-collecting');
  if (chosen.exception !== undefined) thread.notes.push(`ended by ${shorten(chosen.exception)}`);
  for (const { exception } of filled) {
    if (exception !== undefined && exception !== chosen.exception)
      thread.notes.push(`also raised: ${shorten(exception)}`);
  }
  // Only the main thread ever gets it.
  if (chosen.exception?.startsWith('KeyboardInterrupt')) thread.name ??= 'MainThread';
}

/** A traceback begins where the exception was caught; the callers of that frame stand in the traceback that came last. */
function callersOf(chosen: Block, last: Block): readonly Frame[] {
  const [outermost] = chosen.frames;
  if (chosen === last || outermost === undefined) return [];
  const { function: name, file } = outermost;
  const at = last.frames.findIndex((frame) => frame.function === name && frame.file === file);
  return last.frames.slice(0, Math.max(at, 0));
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
