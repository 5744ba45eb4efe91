import { makeFrame } from '../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "tid        task id              task name            coroutine stack      awaiter chain      awaiter name    awaiter id"
const HEADER = /^\s*tid\s*,?\s*task id\s*,?\s*task name\b.*(?:coroutine|awaiter)/;

// "4242       0x7f10c0a1d740       fetch one            read -> fetch        main -> run        Task-1          0x7f10c0a1d000"
const ROW = /^\s*(?<tid>\d+)\s+(?<task>0x[0-9a-f]+)(?<rest>.*?)(?<awaiter>0x[0-9a-f]+)?$/;

const RULE = /^\s*-{40,}$/;

const COLUMNS = /task name|coroutine stack|coroutine chain|awaiter chain|awaiter name|awaiter id/g;

/**
 * `python -m asyncio ps PID`, Python 3.14, as a table or as CSV. Printed by Lib/asyncio/tools.py; the stack cells begin
 * with the innermost function, and tell names only.
 */
export default defineTextParser({
  format: 'asyncio-ps',
  tool: 'asyncio',
  title: '`python -m asyncio ps` (Python 3.14)',
  begins: /tid\s*,?\s*task id/,
  opens(lines, at) {
    return HEADER.test(lines[at]?.text ?? '') ? 'certain' : 'no';
  },
  parse,
});

interface Column {
  readonly title: string;
  readonly start: number;
}

interface Reading {
  readonly source: string;
  readonly moments: ProcessDraft[];
  readonly tasks: Map<string, ThreadDraft>;
  columns: readonly Column[];
  csv: boolean;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, moments: [], tasks: new Map(), columns: [], csv: false };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  return { processes: reading.moments.filter(({ threads }) => threads.length > 0), skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  if (HEADER.test(line.text)) {
    reading.columns = [...line.text.matchAll(COLUMNS)].map((found) => ({ title: found[0], start: found.index }));
    reading.csv = /tid ?,/.test(line.text);
    reading.moments.push(draftProcess({ place: { source: reading.source, line: line.number } }));
    reading.tasks.clear();
    return true;
  }
  if (RULE.test(line.text)) return true;
  const cells = reading.csv ? readCsv(line.text) : readRow(line.text, reading.columns);
  if (cells === undefined) return false;
  addRow(reading, line, cells);
  return true;
}

interface Cells {
  readonly tid: string;
  readonly task: string;
  readonly [title: string]: string;
}

/** Longer rows are no table's. */
const LONGEST_ROW = 4000;

function readRow(text: string, columns: readonly Column[]): Cells | undefined {
  const found = text.length > LONGEST_ROW ? undefined : ROW.exec(text)?.groups;
  if (found?.tid === undefined || found.task === undefined) return undefined;
  const { tid, task, rest = '', awaiter = '' } = found;
  const titles = columns.filter(({ title }) => title !== 'awaiter id');
  const end = text.length - awaiter.length;
  // Long cells push the rest to the right: the columns hold only where the last one stands in its place.
  const aligned = columns.at(-1)?.title === 'awaiter id' && columns.at(-1)?.start === end;
  const values = aligned
    ? titles.map(({ start }, index) => text.slice(start, titles[index + 1]?.start ?? end))
    : splitLoose(rest, awaiter === '0x0' || awaiter === '' ? 2 : titles.length);
  return { ...Object.fromEntries(titles.map(({ title }, index) => [title, values[index]?.trim() ?? ''])), tid, task };
}

// "read -> fetch Task-1": a run of functions, and what follows it
const STACK_AND_REST = /^(\S+(?: -> \S+)*) (.+)$/;

/** Cells of a pushed row: short ones are padded, long ones stand one space apart. */
function splitLoose(text: string, expected: number): string[] {
  const [first = '', ...parts] = text.trim().split(/ {2,}/);
  for (let index = 0; index < parts.length && parts.length + 1 < expected; index += 1) {
    const glued = STACK_AND_REST.exec(parts[index] ?? '');
    if (glued !== null) parts.splice(index, 1, ...glued.slice(1));
  }
  let name = first;
  while (parts.length + 1 < expected && name.includes(' ')) {
    const at = startOfLastRun(name);
    parts.unshift(name.slice(at));
    name = name.slice(0, at).trimEnd();
  }
  return [name, ...parts];
}

/** "a long name read -> fetch" → index of "read". */
function startOfLastRun(text: string): number {
  let at = text.lastIndexOf(' ') + 1;
  while (text.endsWith(' -> ', at)) at = text.lastIndexOf(' ', at - ' -> '.length - 1) + 1;
  return at;
}

/** Quoted cells may hold commas. */
function readCsv(text: string): Cells | undefined {
  const cells = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((found) => found[1] ?? found[2] ?? '');
  const [tid, task, name = '', stack = '', chain = '', awaiter = ''] = cells;
  if (tid === undefined || task === undefined || !/^\d+$/.test(tid) || !task.startsWith('0x')) return undefined;
  return { tid, task, 'task name': name, 'coroutine stack': stack, 'awaiter chain': chain, 'awaiter name': awaiter };
}

/** A task that two others await has a row for each. */
function addRow(reading: Reading, line: Line, cells: Cells): void {
  const known = reading.tasks.get(cells.task);
  const task = known ?? openTask(reading, line, cells);
  const awaiter = cells['awaiter name'] ?? '';
  const chain = cells['awaiter chain'] ?? '';
  if (awaiter !== '' && task.notes.length < MOST_NOTES) {
    task.notes.push(`awaited by the task ${awaiter}${chain === '' ? '' : ` in ${chain}`}`);
  }
}

const MOST_NOTES = 8;

function openTask(reading: Reading, line: Line, cells: Cells): ThreadDraft {
  const place = { source: reading.source, line: line.number };
  const name = cells['task name'] === '' ? undefined : cells['task name'];
  const stack = cells['coroutine stack'] ?? cells['coroutine chain'] ?? '';
  const task = draftThread({ id: `task ${cells.task}`, name, view: PYTHON_VIEW, place });
  task.notes.push(`asyncio task of the thread ${cells.tid}`);
  for (const called of stack.split(' -> ')) {
    if (called.trim() === '') continue;
    task.frames.push(makeFrame({ language: 'python', function: called.trim(), place }));
  }
  reading.moments.at(-1)?.threads.push(task);
  reading.tasks.set(cells.task, task);
  return task;
}
