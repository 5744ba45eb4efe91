import { type Frame, makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { collectSkipped, type LogicalLine, nextText, rejoinLines } from './_shared/logical-lines.ts';
import { parseHeading } from './_shared/thread-headings.ts';
import { parseLineNumber, parseTracebackFrame, TRACEBACK_WRAPPING } from './_shared/traceback-frames.ts';
import { watchSourceLines } from './_shared/traceback-source.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Parsed, type TextSection } from './parser.ts';

// "*** STACKTRACE - START ***", "*** STACKTRACE - END ***"
const START = /^\s*\*{3} ?STACKTRACE ?- ?START ?\*{3}$/;
const END = /^\s*\*{3} ?STACKTRACE ?- ?END ?\*{3}$/;

// "# ThreadID: 140080061712064", "# Thread: MainThread(140080061712064)", "# Thread name: …"
const THREAD = /^\s*#+ ?Thread(?: ?ID)?(?: name)?[:=(]/i;

// 'File: "/srv/a.py", line 3, in f', "File: /srv/a.py, line 3, in f", 'File: "/srv/a.py:3", in f': a colon after File
const FRAME =
  /^\s*File:\s*"?(?<file>[^"]+?)"?(?:,\s*line\s*(?<line>\d+)|:(?<glued>\d+)"?)(?:,\s*in\s+(?<function>.*))?$/;

/**
 * Recipes that walk `sys._current_frames()` and print each stack with `traceback.extract_stack`, as found in answers and
 * blog posts since 2009 (django, uwsgi, gunicorn hooks). No tool's source; the variants are those of public reports.
 * Outermost first.
 */
export default defineTextParser({
  format: 'current-frames',
  tool: 'sys._current_frames',
  title: 'recipes on `sys._current_frames()`',
  begins: /\*{3} ?STACKTRACE|File:|#+ ?[Tt][Hh]/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (START.test(text) || FRAME.test(text)) return 'certain';
    if (!THREAD.test(text)) return 'no';
    const next = nextText(lines, at) ?? '';
    return FRAME.test(next) || /^\s*File "/.test(next) ? 'certain' : 'likely';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly moments: ProcessDraft[];
  readonly seen: Set<string>;
  fresh: boolean;
  thread: ThreadDraft | undefined;
  readonly sourceLines: ReturnType<typeof watchSourceLines>;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    moments: [],
    seen: new Set(),
    fresh: true,
    thread: undefined,
    sourceLines: watchSourceLines(),
  };
  const skipped = collectSkipped(rejoinLines(lines, TRACEBACK_WRAPPING), (line) => useLine(reading, line));
  for (const { threads } of reading.moments) for (const { frames } of threads) frames.reverse();
  return { processes: reading.moments, skipped };
}

function useLine(reading: Reading, line: LogicalLine): boolean {
  const { text } = line;
  const place = { source: reading.source, line: line.number };
  if (START.test(text) || END.test(text)) {
    reading.fresh = true;
    reading.thread = undefined;
    reading.sourceLines.stop();
    return true;
  }
  const frame = parseFrame(text, place) ?? parseTracebackFrame(text, place);
  if (frame !== undefined) {
    if (reading.thread === undefined) openThread(reading, draftThread({ id: 'unknown', view: PYTHON_VIEW, place }));
    reading.thread?.frames.push(frame);
    reading.sourceLines.expectAfter(text, reading.thread?.frames);
    return true;
  }
  const heading = THREAD.test(text) ? parseHeading(text) : undefined;
  if (heading === undefined) return reading.sourceLines.accepts(text);
  openThread(
    reading,
    draftThread({ ...heading, id: heading.id === '' ? 'unknown' : heading.id, view: PYTHON_VIEW, place }),
  );
  return true;
}

/** A thread that comes again was dumped at another moment. */
function openThread(reading: Reading, thread: ThreadDraft): void {
  if (reading.fresh || reading.seen.has(thread.id)) {
    reading.moments.push(draftProcess({ place: thread.place }));
    reading.seen.clear();
    reading.fresh = false;
  }
  reading.moments.at(-1)?.threads.push(thread);
  reading.seen.add(thread.id);
  reading.thread = thread;
  reading.sourceLines.stop();
}

function parseFrame(text: string, place: Place): Frame | undefined {
  const found = FRAME.exec(text)?.groups;
  if (found === undefined) return undefined;
  const { file, line, glued, function: name = '' } = found;
  return makeFrame({ language: 'python', function: name.trim(), file, line: parseLineNumber(line ?? glued), place });
}
