import type { View } from '../../model/thread.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from '../_shared/logical-lines.ts';
import { parseNativeId } from '../_shared/thread-identity.ts';

import { watchSourceLines } from '../_shared/traceback-source.ts';
import { PYTHON_VIEW } from '../_shared/views.ts';
import type { Parsed, TextSection } from '../parser.ts';
import * as grammar from './lines.ts';

const NATIVE_VIEW: View = { python: true, native: true, interpreter: true, everyThread: false };

interface Core {
  pid?: number;
  parentPid?: number;
  command?: string;
  executable?: string;
}

/** Values under "Arguments:" or "Locals:", which may go on over lines. */
type Values = { name: string; value: string }[];

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  readonly seen: Set<string>;
  thread: ThreadDraft | undefined;
  /** Whether the thread's header has been read, but no heading of an interpreter yet. */
  bare: boolean;
  values: Values | undefined;
  core: Core | undefined;
  native: boolean;
  readonly sourceLines: ReturnType<typeof watchSourceLines>;
}

/** A thread seen in several interpreters is several threads with one id: each has a stack of its own. */
export function readStacks({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    processes: [],
    seen: new Set(),
    thread: undefined,
    bare: false,
    values: undefined,
    core: undefined,
    native: false,
    sourceLines: watchSourceLines(),
  };
  const skipped = collectSkipped(rejoinLines(lines, grammar.WRAPPING), (line) => useLine(reading, line));
  for (const process of reading.processes) {
    for (const thread of process.threads) {
      thread.frames.reverse();
      const unmerged = thread.notes.includes(UNMERGED);
      thread.view = reading.native && !unmerged ? NATIVE_VIEW : PYTHON_VIEW;
    }
    process.pid ??= pidOf(process.threads);
  }
  return { processes: reading.processes, skipped };
}

/** Linux gives the main thread the process's number, and only that thread runs the module. */
function pidOf(threads: readonly ThreadDraft[]): number | undefined {
  const main = threads.filter(({ frames }) => {
    const outermost = frames.findLast(({ language }) => language === 'python');
    return outermost !== undefined && /^(?:<module>|_run_module_as_main)$/.test(outermost.function);
  });
  return main.length === 1 ? main[0]?.nativeId : undefined;
}

const UNMERGED = 'pystack could not place the native frames';

function useLine(reading: Reading, line: LogicalLine): boolean {
  return (
    useHeader(reading, line) ||
    useInterpreter(reading, line) ||
    useFrame(reading, line) ||
    useVariables(reading, line.text) ||
    useCore(reading, line.text)
  );
}

function useHeader(reading: Reading, line: LogicalLine): boolean {
  const found = (grammar.THREAD_HEADER.exec(line.text) ?? grammar.EMPTY.exec(line.text))?.groups;
  if (found?.id === undefined) return false;
  const { id } = found;
  const place = { source: reading.source, line: line.number };
  const thread = draftThread({ id, nativeId: parseNativeId(id), name: found.name, place });
  takeNotes(thread, found.notes);
  if (reading.processes.length === 0 || reading.core !== undefined || (reading.seen.has(id) && id !== '0')) {
    reading.processes.push(draftProcess({ ...reading.core, place }));
    reading.seen.clear();
    reading.core = undefined;
  }
  reading.seen.add(id);
  addThread(reading, thread);
  reading.bare = true;
  return true;
}

function addThread(reading: Reading, thread: ThreadDraft): void {
  reading.processes.at(-1)?.threads.push(thread);
  reading.thread = thread;
  reading.values = undefined;
  reading.sourceLines.stop();
}

/** "Has the GIL,Garbage collecting": thread states, by pystack's own words. */
function takeNotes(thread: ThreadDraft, notes: string | undefined): void {
  for (const note of notes?.split(',') ?? []) {
    if (note === 'Has the GIL') thread.gil = 'holds';
    else if (note === 'Waiting for the GIL') thread.gil = 'waits';
    else if (note === 'Dropping the GIL') thread.gil = 'drops';
    else if (note === 'Garbage collecting') thread.collecting = true;
    else if (note.trim() !== '') thread.notes.push(note.trim());
  }
}

function useInterpreter(reading: Reading, line: LogicalLine): boolean {
  const found = grammar.INTERPRETER.exec(line.text)?.groups;
  const { thread } = reading;
  if (found?.where === undefined || thread === undefined) return false;
  if (!reading.bare) {
    const place = { source: reading.source, line: line.number };
    addThread(reading, draftThread({ id: thread.id, nativeId: thread.nativeId, name: thread.name, place }));
  }
  reading.bare = false;
  if (reading.thread === undefined) return false;
  takeNotes(reading.thread, found.notes);
  reading.thread.notes.push(found.where.charAt(0).toLowerCase() + found.where.slice(1));
  return true;
}

function useFrame(reading: Reading, line: LogicalLine): boolean {
  const place = { source: reading.source, line: line.number };
  const frame = grammar.parseFrame(line.text, place);
  if (frame === undefined) return false;
  if (reading.thread === undefined) {
    // The header was cut off.
    reading.processes.push(draftProcess({ place }));
    addThread(reading, draftThread({ id: 'unknown', place }));
  }
  reading.thread?.frames.push(frame);
  reading.native ||= frame.language === 'native';
  reading.values = undefined;
  if (frame.language === 'python') reading.sourceLines.expectAfter(line.text, reading.thread?.frames);
  else reading.sourceLines.stop();
  return true;
}

function useVariables(reading: Reading, text: string): boolean {
  const { thread } = reading;
  if (thread === undefined) return false;
  if (grammar.UNMERGED.test(text)) {
    thread.notes.push(UNMERGED);
    return true;
  }
  const title = grammar.VARIABLES.exec(text)?.groups?.title;
  if (title !== undefined) return openVariables(reading, thread, title === 'Arguments' ? 'arguments' : 'locals');
  return reading.values === undefined ? reading.sourceLines.accepts(text) : useVariable(reading.values, text);
}

function openVariables(reading: Reading, thread: ThreadDraft, title: 'arguments' | 'locals'): boolean {
  const frame = thread.frames.pop();
  if (frame === undefined) return false;
  const values: Values = [];
  thread.frames.push({ ...frame, [title]: values });
  reading.values = values;
  reading.sourceLines.stop();
  return true;
}

/** Values of locals are printed raw: what follows an open string, or names no variable, goes on with the value before. */
function useVariable(values: Values, text: string): boolean {
  const last = values.at(-1);
  const indented = /^\s/.test(text);
  const variable = isOpen(last?.value) ? undefined : grammar.parseVariable(text);
  if (variable !== undefined && (indented || values.length === 0)) values.push(variable);
  else if (last !== undefined && (indented || isOpen(last.value))) last.value += `\n${text.trim()}`;
  else return false;
  return true;
}

/** Whether a value is a string whose end has not come yet. */
function isOpen(value: string | undefined): boolean {
  return value?.startsWith('"') === true && (value.length === 1 || !value.endsWith('"'));
}

function useCore(reading: Reading, text: string): boolean {
  const ids = grammar.CORE_PID.exec(text)?.groups;
  if (ids !== undefined) {
    reading.core = { ...reading.core, pid: parseNativeId(ids.pid), parentPid: parseNativeId(ids.parent) };
    return true;
  }
  const command = grammar.CORE_COMMAND.exec(text)?.groups;
  if (command !== undefined) {
    reading.core = { ...reading.core, command: command.command, executable: command.executable };
    return true;
  }
  return grammar.CORE_REMARK.test(text);
}
