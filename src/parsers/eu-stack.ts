import { type Frame, makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { bareName } from './_shared/gdb-function-name.ts';
import { asLogicalLines, collectSkipped, nextText } from './_shared/logical-lines.ts';
import { normaliseHex, parseNativeId } from './_shared/thread-identity.ts';
import { NATIVE_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "PID 900 - process", "PID 900 - core"
const PROCESS = /^\s*PID (?<pid>\d+) - (?<kind>process|core)(?: module memory map)?$/;

// "TID 901:"
const THREAD = /^\s*TID (?<tid>\d+):$/;

// "#1  0x0000563cca31d38 - 1 main - /srv/app"; `- 1` marks a call site. A frame without symbol has only the address.
const FRAME = /^\s*#\d+ {1,2}(?<address>0x[0-9a-f]{8,16})(?: +- 1(?= )| {4})?(?: (?<rest>.*)| *)$/;

// "    ./nptl/futex-internal.c:57:12", below its frame
const LOCATION = /^\s+(?<file>\S.*?):(?<line>\d+)(?::\d+)?$/;

// "eu-stack: tid 901: shown max number of frames (2, use -n 0 for unlimited)"
const CUT = /^\s*eu-stack: tid (?<tid>\d+): shown max number of frames/;

// "0x55bd0060d000-0x55bd00612000 feed": the list of modules that -l prints first
const MODULE = /^\s*\[?0x[0-9a-f]+-0x[0-9a-f]+/;

/** Printed by src/stack.c of elfutils, seen of 0.188 with -s, -i, -m, -v, -n; innermost first. */
export default defineTextParser({
  format: 'eu-stack',
  tool: 'eu-stack',
  title: '`eu-stack` of elfutils',
  begins: /PID \d|TID \d/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (PROCESS.test(text) || (THREAD.test(text) && FRAME.test(nextText(lines, at) ?? '#0 0x00000000')))
      return 'certain';
    return 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  readonly threads: Map<string, ThreadDraft>;
  thread: ThreadDraft | undefined;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: [], threads: new Map(), thread: undefined };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useHeader(reading, line) || useFrame(reading, line));
  return { processes: reading.processes.filter(({ threads }) => threads.length > 0), skipped };
}

function useHeader(reading: Reading, line: Line): boolean {
  const place = { source: reading.source, line: line.number };
  const pid = PROCESS.exec(line.text)?.groups?.pid;
  if (pid !== undefined) {
    reading.processes.push(draftProcess({ pid: parseNativeId(pid), place }));
    reading.thread = undefined;
    return true;
  }
  const tid = THREAD.exec(line.text)?.groups?.tid;
  if (tid !== undefined) {
    const thread = draftThread({ id: tid, nativeId: parseNativeId(tid), view: NATIVE_VIEW, place });
    if (reading.processes.length === 0) reading.processes.push(draftProcess({ place }));
    reading.processes.at(-1)?.threads.push(thread);
    reading.threads.set(tid, thread);
    reading.thread = thread;
    return true;
  }
  const cut = reading.threads.get(CUT.exec(line.text)?.groups?.tid ?? '');
  if (cut !== undefined) cut.truncated = true;
  return cut !== undefined || (reading.thread === undefined && reading.processes.length > 0 && MODULE.test(line.text));
}

function useFrame({ thread, source }: Reading, line: Line): boolean {
  if (thread === undefined) return false;
  const frame = parseFrame(line.text, { source, line: line.number });
  if (frame !== undefined) {
    const last = thread.frames.at(-1);
    // With -i the calls that were inlined share the address of the function that holds them. So do those of a recursion.
    if (last !== undefined && last.address === frame.address && last.function !== frame.function)
      thread.frames[thread.frames.length - 1] = { ...last, inlined: true };
    thread.frames.push(frame);
    return true;
  }
  const last = thread.frames.at(-1);
  const location = LOCATION.exec(line.text)?.groups;
  if (location === undefined || last === undefined || last.file !== undefined) return false;
  thread.frames[thread.frames.length - 1] = { ...last, file: location.file, line: Number(location.line) };
  return true;
}

function parseFrame(text: string, place: Place): Frame | undefined {
  const found = FRAME.exec(text)?.groups;
  if (found?.address === undefined) return undefined;
  const rest = (found.rest ?? '').trim();
  // Symbols may hold " - " themselves; a module is a path, or the kernel's.
  const at = Math.max(rest.lastIndexOf('- /'), rest.lastIndexOf('- [vdso'));
  const symbol = at >= 0 ? rest.slice(0, at).trim() : rest;
  return makeFrame({
    language: 'native',
    function: bareName(symbol),
    module: at >= 0 ? rest.slice(at + 2) : undefined,
    address: normaliseHex(found.address),
    place,
  });
}
