import { makeFrame } from '../../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { collectSkipped, type LogicalLine, rejoinLines } from '../_shared/logical-lines.ts';
import { pthreadFromDecimal } from '../_shared/thread-identity.ts';
import { parseTracebackFrame, TRACEBACK_WRAPPING } from '../_shared/traceback-frames.ts';
import { watchSourceLines } from '../_shared/traceback-source.ts';
import { PYTHON_VIEW } from '../_shared/views.ts';
import type { Parsed, TextSection } from '../parser.ts';
import * as grammar from './lines.ts';

/** What the lines that come next belong to. */
type Part = 'outside' | 'report' | 'captured' | 'dump' | 'stack' | 'summary';

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  part: Part;
  /** The test under report, as a thread that is kept only when a timeout has ended it. */
  test: ThreadDraft | undefined;
  /** The function that a long report shows at present. */
  definition: string | undefined;
  /** Threads of the present dump. */
  readonly seen: Set<string>;
  thread: ThreadDraft | undefined;
  readonly sourceLines: ReturnType<typeof watchSourceLines>;
}

/** Each test that timed out is a process of its own: its threads were seen at another moment. */
export function readTimeouts({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    processes: [],
    part: 'outside',
    test: undefined,
    definition: undefined,
    seen: new Set(),
    thread: undefined,
    sourceLines: watchSourceLines(),
  };
  const skipped = collectSkipped(rejoinLines(lines, TRACEBACK_WRAPPING), (line) => {
    return useRule(reading, line) || useStack(reading, line) || useReport(reading, line);
  });
  for (const { threads } of reading.processes) for (const { frames } of threads) frames.reverse();
  return { processes: reading.processes.filter(({ threads }) => threads.length > 0), skipped };
}

function useRule(reading: Reading, line: LogicalLine): boolean {
  const { text } = line;
  const stack = grammar.STACK_RULE.exec(text)?.groups;
  if (stack?.id !== undefined) {
    openStack(reading, line, stack.id, stack.name ?? '');
    return true;
  }
  if (grammar.TIMEOUT_RULE.test(text)) {
    reading.part = reading.part === 'stack' ? 'outside' : 'dump';
    reading.thread = undefined;
    if (reading.part === 'dump') reading.seen.clear();
    return true;
  }
  const test = grammar.TEST_RULE.exec(text)?.groups?.test;
  if (test !== undefined || grammar.FAILURES_RULE.test(text)) return openReport(reading, line, test);
  if (grammar.CAPTURED_RULE.test(text)) {
    reading.part = 'captured';
    return true;
  }
  const summary = grammar.SUMMARY_RULE.exec(text)?.groups?.says;
  if (summary === undefined || reading.part === 'captured') return false;
  // The last rule tells how long the run took; what follows it is not pytest's.
  reading.part = / in \d[\d.:]*s?\b/.test(summary) ? 'outside' : 'summary';
  return true;
}

function openReport(reading: Reading, line: LogicalLine, test: string | undefined): boolean {
  reading.part = 'report';
  reading.definition = undefined;
  reading.thread = undefined;
  const place = { source: reading.source, line: line.number };
  reading.test =
    test === undefined
      ? undefined
      : draftThread({
          id: 'MainThread',
          name: 'MainThread',
          view: PYTHON_VIEW,
          notes: [`runs the test ${test}`],
          place,
        });
  return true;
}

function openStack(reading: Reading, line: LogicalLine, id: string, name: string): void {
  const place = { source: reading.source, line: line.number };
  const pthreadId = pthreadFromDecimal(id);
  const known = name === '' || name === '<unknown>' ? undefined : name;
  const thread = draftThread({ id, pthreadId, name: known, view: PYTHON_VIEW, place });
  const process = reading.processes.at(-1);
  // A report comes before its dump and has no ids; anything else that was read belongs to another test.
  const reported = process?.threads.length === 1 && process.threads[0] === reading.test;
  if (process === undefined || reading.seen.has(id) || (reading.seen.size === 0 && !reported))
    startProcess(reading, thread);
  else process.threads.push(thread);
  reading.seen.add(id);
  reading.thread = thread;
  reading.part = 'stack';
  reading.sourceLines.stop();
}

function startProcess(reading: Reading, thread: ThreadDraft): void {
  const process = draftProcess({ place: thread.place });
  process.threads.push(thread);
  reading.processes.push(process);
  reading.seen.clear();
}

function useStack(reading: Reading, line: LogicalLine): boolean {
  if (reading.part === 'captured' || reading.part === 'summary') return true;
  if (reading.part !== 'stack') return false;
  const frame = parseTracebackFrame(line.text, { source: reading.source, line: line.number });
  if (frame === undefined) return reading.sourceLines.accepts(line.text);
  reading.thread?.frames.push(frame);
  reading.sourceLines.expectAfter(line.text, reading.thread?.frames);
  return true;
}

/** pytest shows source with each frame, in the long form whole functions: all of it belongs to the report. */
function useReport(reading: Reading, line: LogicalLine): boolean {
  if (reading.part !== 'report') return false;
  const { test } = reading;
  const says = grammar.TIMEOUT_ERROR.exec(line.text)?.groups?.says;
  if (test === undefined) return false;
  if (says !== undefined) {
    test.notes.push(says);
    startProcess(reading, test);
    return true;
  }
  const frame = grammar.parseReportFrame(line.text);
  if (frame !== undefined) {
    const name = frame.name ?? reading.definition ?? '';
    const place = { source: reading.source, line: line.number };
    test.frames.push(makeFrame({ language: 'python', function: name, file: frame.file, line: frame.line, place }));
    reading.definition = undefined;
  } else if (grammar.ENTRY_RULE.test(line.text)) reading.definition = undefined;
  else reading.definition ??= grammar.parseDefinition(line.text);
  return true;
}
