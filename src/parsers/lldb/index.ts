import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { asLogicalLines, collectSkipped, nextText } from '../_shared/logical-lines.ts';
import { NATIVE_VIEW } from '../_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from '../parser.ts';
import * as grammar from './lines.ts';

/**
 * `bt all` and `thread list` of lldb. Printed after the settings `frame-format` and `thread-stop-format` in LLVM's
 * lldb/source/Core/CoreProperties.td; seen of lldb 14 on Linux, of Apple's lldb in public reports. Innermost first.
 */
export default defineTextParser({
  format: 'lldb',
  tool: 'lldb',
  title: '`lldb`: `bt all`, `thread backtrace all`',
  begins: /(?:\* ?)?(?:thread|frame) #|\(lldb\)|Process \d/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    const certain = [grammar.THREAD_HEAD, grammar.FRAME_HEAD, grammar.PROMPT].some((opening) => opening.test(text));
    if (certain) return 'certain';
    return grammar.PROCESS.test(text) && grammar.THREAD_HEAD.test(nextText(lines, at) ?? '') ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly process: ProcessDraft;
  /** lldb prints each thread once on attaching, with one frame, and again when asked. */
  readonly threads: Map<string, ThreadDraft>;
  thread: ThreadDraft | undefined;
  frames: ThreadDraft['frames'];
}

function parse({ source, lines }: TextSection): Parsed {
  const place = { source, line: lines[0]?.number ?? 1 };
  const reading: Reading = {
    source,
    process: draftProcess({ place }),
    threads: new Map(),
    thread: undefined,
    frames: [],
  };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  keepLonger(reading);
  reading.process.threads = [...reading.threads.values()];
  return { processes: reading.threads.size > 0 ? [reading.process] : [], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const place = { source: reading.source, line: line.number };
  const thread = grammar.parseThread(line.text);
  if (thread !== undefined) {
    openThread(reading, thread, line);
    return true;
  }
  const frame = grammar.parseFrame(line.text, place);
  if (frame !== undefined) {
    if (reading.thread === undefined) openThread(reading, UNKNOWN, line);
    reading.frames.push(frame);
    return true;
  }
  const process = grammar.PROCESS.exec(line.text)?.groups;
  if (process !== undefined) {
    reading.process.pid ??= Number(process.stopped ?? process.attached);
    return true;
  }
  const path = grammar.EXECUTABLE.exec(line.text)?.groups?.path;
  reading.process.executable ??= path;
  return path !== undefined || grammar.NOISE.test(line.text);
}

const UNKNOWN: grammar.ThreadLine = { id: 'unknown', nativeId: undefined, name: undefined, reason: undefined };

function openThread(reading: Reading, { id, nativeId, name, reason }: grammar.ThreadLine, line: Line): void {
  keepLonger(reading);
  const place = { source: reading.source, line: line.number };
  const thread = reading.threads.get(id) ?? draftThread({ id, view: NATIVE_VIEW, place });
  thread.nativeId ??= nativeId;
  thread.name ??= name;
  // The stop is lldb's own doing, except where the process had crashed.
  if (reason !== undefined && !reason.includes('SIGSTOP') && thread.notes.length === 0)
    thread.notes.push(`stop reason: ${reason}`);
  reading.threads.set(id, thread);
  reading.thread = thread;
  reading.frames = [];
}

function keepLonger({ thread, frames }: Reading): void {
  if (thread !== undefined && frames.length > thread.frames.length) thread.frames = frames;
}
