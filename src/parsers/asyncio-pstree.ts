import { makeFrame } from '../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "            ├── (T) fetch one", "└──  main /srv/app.py:12"; consoles without the box characters print "?" or "+".
const NODE = /^(?<guides>(?:[│|?ã ]+ *)*)(?:[├└+?`|]|ã)[─\-?]{2,3} (?<rest>.*)$/;

// "(T) Task-1"
const TASK = /^\(T\) (?<name>.*)$/;

// " TaskGroup.__aexit__ /opt/py/lib/asyncio/taskgroups.py:72", without a place where none is known
const COROUTINE = /^ ?(?<function>\S+?)(?: (?<file>.+?):(?<line>\d+))?$/;

/** Depth of one step of the tree. */
const STEP = 4;

/** `python -m asyncio pstree PID`, Python 3.14. Printed by Lib/asyncio/tools.py; the root is the outermost. */
export default defineTextParser({
  format: 'asyncio-pstree',
  tool: 'asyncio',
  title: '`python -m asyncio pstree` (Python 3.14)',
  begins: /[│├└+`|?]/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (!/^(?:[│ ]*[├└]──|\s*[+`|?]--) \(T\) \S/.test(text)) return 'no';
    return 'certain';
  },
  parse,
});

interface Node {
  readonly depth: number;
  readonly task: ThreadDraft;
}

interface Reading {
  readonly source: string;
  readonly process: ProcessDraft;
  /** From the root to the last task read. */
  path: Node[];
  readonly seen: Map<string, ThreadDraft>;
}

/** A task is shown as a thread without ids of the system. Its coroutines are the nodes between it and its children. */
function parse({ source, lines }: TextSection): Parsed {
  const place = { source, line: lines[0]?.number ?? 1 };
  const reading: Reading = { source, process: draftProcess({ place }), path: [], seen: new Map() };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  const { process } = reading;
  // The tree prints the root first.
  for (const thread of process.threads) thread.frames.reverse();
  return { processes: process.threads.length > 0 ? [process] : [], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const found = NODE.exec(line.text)?.groups;
  if (found?.rest === undefined) return /^\s*[│|]+$/.test(line.text);
  const depth = Math.round((found.guides ?? '').length / STEP);
  const task = TASK.exec(found.rest)?.groups?.name;
  while ((reading.path.at(-1)?.depth ?? -1) >= depth) reading.path.pop();
  if (task !== undefined) {
    openTask(reading, line, task, depth);
    return true;
  }
  const coroutine = COROUTINE.exec(found.rest)?.groups;
  const owner = reading.path.at(-1);
  if (coroutine?.function === undefined || owner === undefined) return false;
  const { function: name, file } = coroutine;
  const place = { source: reading.source, line: line.number };
  owner.task.frames.push(
    makeFrame({ language: 'python', function: name, file, line: parseLineNumber(coroutine.line), place }),
  );
  return true;
}

/** A task that two others await appears below both, each time with its whole stack: it is read once. */
function openTask(reading: Reading, line: Line, name: string, depth: number): void {
  const place = { source: reading.source, line: line.number };
  const awaiter = reading.path.at(-1)?.task;
  const known = reading.seen.get(name);
  const task = draftThread({ id: `task ${name}`, name, view: PYTHON_VIEW, notes: ['asyncio task'], place });
  const target = known ?? task;
  if (awaiter !== undefined && target.notes.length < MOST_NOTES)
    target.notes.push(`awaited by the task ${awaiter.name}`);
  if (known === undefined) {
    reading.seen.set(name, task);
    reading.process.threads.push(task);
  }
  reading.path.push({ depth, task });
}

const MOST_NOTES = 8;
