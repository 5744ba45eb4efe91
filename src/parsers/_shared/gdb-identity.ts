import { type GdbFrame, readBody } from './gdb-frame.ts';

/** How gdb names a thread. */
export interface GdbThread {
  /** gdb's number, with the inferior's before a dot when there are several; empty when not told. */
  readonly id: string;
  readonly nativeId: number | undefined;
  readonly pthreadId: string | undefined;
  readonly name: string | undefined;
  /** Known when the target is a process without thread support, or on Windows. */
  readonly pid: number | undefined;
}

interface ThreadRow {
  readonly thread: GdbThread;
  readonly isCurrent: boolean;
  readonly frame: GdbFrame | undefined;
}

export const NO_THREAD: GdbThread = {
  id: '',
  nativeId: undefined,
  pthreadId: undefined,
  name: undefined,
  pid: undefined,
};

// 'Thread 2 (Thread 0x7f8c9af3d6c0 (LWP 15148) "wk (a):"b""):', see thr_try_catch_cmd and thread_apply_command in gdb/thread.c
const HEADER = /^\s*Thread (\d+(?:\.\d+)?) \((.*)\):?$/;
const HEADER_START = /^\s*Thread \d+(?:\.\d+)? \((?:Thread (?:0x[0-9a-fA-F]|\d)|LWP \d|process \d)/;
// "Thread 0x7f8c9af3d6c0 (LWP 15148)", "LWP 15148", "process 15147"; Windows: "Thread 4.0x1e38"
const TARGET =
  /(?:Thread (?:(0x[0-9a-fA-F]+)|(\d+)(?:\.0x([0-9a-fA-F]+))?)(?: \((?:LWP (\d+)|\w+)\))?|LWP (\d+)(?: of process \d+)?|process (\d+))/y;
// "[Switching to thread 2 (Thread 0x7f.. (LWP 9))]", "[Current thread is 1 (LWP 9)]", older "[Switching to Thread 0x7f.. (LWP 9)]"
const SELECTION = /^\[(?:Switching to|Current) (?:thread (?:is )?(\d+(?:\.\d+)?) \()?(?=Thread |LWP |process )/i;
// '* 1    Thread 0x7f.. (LWP 9437) "python3" 0x00007f.. in poll () from /lib/libc.so.6'; with -gid a second number
const ROW = /^([* ]?)\s*(\d+(?:\.\d+)?)\s+(?:\d+\s+)?(?=Thread (?:0x|\d)|LWP \d|process \d)/;

export function isThreadHeader(text: string): boolean {
  return HEADER_START.test(text);
}

export function readThreadHeader(text: string): GdbThread | undefined {
  if (!HEADER_START.test(text)) return undefined;
  const [, id, inside] = HEADER.exec(text) ?? [];
  return id === undefined || inside === undefined ? undefined : describeTarget(id, inside);
}

/** The thread that gdb says it has selected, and where the text after the bracket begins. */
export function readSelection(text: string): { thread: GdbThread; end: number } | undefined {
  const found = SELECTION.exec(text);
  const end = text.indexOf(']');
  if (found === null || end < 0) return undefined;
  const thread = describeTarget(found[1] ?? '', text.slice(found[0].length, end));
  return thread && { thread, end: end + 1 };
}

/** Reads what MI calls `target-id`, with the name behind it where the text has one. */
export function describeTarget(id: string, text: string): GdbThread | undefined {
  TARGET.lastIndex = 0;
  const found = TARGET.exec(text);
  if (found === null) return undefined;
  const [whole, pthread, pid, windowsId, lwp, bareLwp, process] = found;
  // A name may itself hold quotes, so it reaches to the last one.
  const open = text.indexOf('"', whole.length);
  const name = open < 0 ? '' : text.slice(open + 1, Math.max(open + 1, text.lastIndexOf('"')));
  const nativeId = lwp ?? bareLwp ?? process ?? (windowsId && String(Number.parseInt(windowsId, 16)));
  return {
    id,
    nativeId: nativeId === undefined ? undefined : Number(nativeId),
    pthreadId: pthread && unpad(pthread),
    name: name === '' ? undefined : name,
    pid: process !== undefined ? Number(process) : windowsId !== undefined ? Number(pid) : undefined,
  };
}

export function isThreadRow(text: string): boolean {
  return ROW.test(text);
}

/** Reads a line of `info threads`. A row of `info inferiors` has no frame and no name. */
export function readThreadRow(text: string): ThreadRow | undefined {
  const found = ROW.exec(text);
  if (found === null) return undefined;
  const [whole, mark, id = ''] = found;
  TARGET.lastIndex = whole.length;
  if (!TARGET.test(text)) return undefined;
  const afterTarget = TARGET.lastIndex;
  const { end, frame } = splitRow(text, afterTarget);
  const thread = describeTarget(id, text.slice(whole.length, end));
  return thread && { thread, isCurrent: mark === '*', frame };
}

const MOST_QUOTES_IN_NAME = 16;

/** A name is not escaped: it ends at the first quote behind which a frame stands. */
function splitRow(text: string, from: number): { end: number; frame: GdbFrame | undefined } {
  const plain = skipSpaces(text, from);
  if (text[plain] !== '"') return { end: from, frame: readBody(text, plain) };
  let quote = plain;
  for (let tried = 0; tried < MOST_QUOTES_IN_NAME; tried++) {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) break;
    if (text[quote + 1] === '"' && text[quote + 2] !== ' ') continue;
    const start = skipSpaces(text, quote + 1);
    if (text.startsWith('(running)', start)) return { end: quote + 1, frame: undefined };
    const frame = start > quote + 1 ? readBody(text, start) : undefined;
    if (frame !== undefined && !frame.function.includes('"')) return { end: quote + 1, frame };
  }
  return { end: from, frame: undefined };
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32) at++;
  return at;
}

/** `0x00007F3A` → `0x7f3a`, the form in which ids of different tools compare. */
function unpad(hex: string): string {
  return `0x${hex
    .slice(2)
    .toLowerCase()
    .replace(/^0+(?=.)/, '')}`;
}
