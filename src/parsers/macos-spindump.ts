import { type Frame, makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { type CallTree, growCallTree, heaviestPath } from './_shared/call-tree.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { bareName } from './_shared/gdb-function-name.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { readMacosHeader } from './_shared/macos-header.ts';
import { normaliseHex, parseNativeId } from './_shared/thread-identity.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { NATIVE_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "Data Source:      Stackshots", "Event:            hang"
const TITLE = /^\s*(?:Data Source:\s+(?:Stackshots|Microstackshots)|Event:\s+hang)\b/;

// "Process:          python3.11 [4242] (unique pid 1)": each process has its own
const PROCESS = /^\s*Process:\s+\S.* \[\d+\]/;

// "  Thread 0x2ca9e    DispatchQueue "com.apple.main-thread"(1)    Thread name "main"    1001 samples (1-1001)    priority 31"
const THREAD = /^\s*Thread 0x(?<id>[0-9a-f]+)\s+(?<rest>(?:DispatchQueue|Thread name|\d+ samples?|priority)\b.*)$/;

const NAME = /Thread name "(?<name>.*?)"(?=\s{2,}|$)/;
const QUEUE = /DispatchQueue "(?<queue>[^"]*)"/;
const SAMPLES = /(?:^|\s)(?<samples>\d+) samples?\b/;

// "  1001  take_gil + 120 (Python + 4660) [0x1012ab] 1-1001", " *1001  ??? (kernel + 12)"; the star marks kernel frames
const NODE = /^(?<indentation>\s*)(?<star>\*)?(?<count>\d+) {1,2}(?<rest>\S.*)$/;

// "take_gil + 120 (ceval_gil.h:240,13 in Python + 4660) [0x1012ab]"
const CALL =
  /^(?<symbol>.*?)(?: \+ \d+)? \((?:(?<file>[^\s:()]+):(?<line>\d+)(?:,\d+)? in )?(?<module>[^()]+?)(?: \+ \d+)?\) \[(?<address>0x[0-9a-f]+)\](?<rest>.*)$/;

// "(blocked by turnstile waiting for python3 [4242] thread 0x2caa0)", "(running)"
const STATE = /\((?<state>(?:blocked by|waiting for|suspended|running)\b.*)\)/;

// "  <thread QoS user interactive (requested user interactive)>", "  <process frontmost, …>"
const REMARK = /^\s*<(?:thread|process) [^>]*>$/;

// "Heaviest stack for the target process:": a summary made from the threads
const SUMMARY = /^\s*Heaviest stack for /;

/** macOS's `spindump` and hang reports. No public source; after public reports. The outermost call is the tree's root. */
export default defineTextParser({
  format: 'macos-spindump',
  tool: 'spindump',
  title: "macOS's `spindump` and hang reports",
  begins: /Data Source:|Event:|Thread 0x/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    return TITLE.test(text) || THREAD.test(text) ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  readonly trees: Map<ThreadDraft, { readonly samples: number; readonly tree: CallTree }>;
  thread: ThreadDraft | undefined;
  summary: boolean;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: [], trees: new Map(), thread: undefined, summary: false };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  for (const [thread, { samples, tree }] of reading.trees) {
    const { frames, count } = heaviestPath(tree.roots);
    thread.frames = frames;
    thread.notes.unshift(`in this stack in ${count} of ${samples} samples`);
    if (count === samples && samples > 1) thread.progress = 'stuck';
  }
  return { processes: reading.processes.filter(({ threads }) => threads.length > 0), skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const { text } = line;
  const place = { source: reading.source, line: line.number };
  const thread = THREAD.exec(text)?.groups;
  if (thread?.id !== undefined) {
    openThread(reading, thread.id, thread.rest ?? '', place);
    return true;
  }
  if (SUMMARY.test(text)) reading.summary = true;
  if (PROCESS.test(text)) {
    reading.processes.push(draftProcess({ place }));
    reading.thread = undefined;
    reading.summary = false;
  }
  if (reading.summary) return SUMMARY.test(text) || NODE.test(text);
  if (useNode(reading, text, place)) return true;
  const header = readMacosHeader(currentProcess(reading, place), text);
  if (header) reading.thread = undefined;
  return header || REMARK.test(text);
}

function currentProcess(reading: Reading, place: Place): ProcessDraft {
  const known = reading.processes.at(-1);
  if (known !== undefined) return known;
  const process = draftProcess({ place });
  reading.processes.push(process);
  return process;
}

function openThread(reading: Reading, id: string, rest: string, place: Place): void {
  const nativeId = parseNativeId(String(Number.parseInt(id, 16)));
  const queue = QUEUE.exec(rest)?.groups?.queue;
  const name = NAME.exec(rest)?.groups?.name ?? (queue === 'com.apple.main-thread' ? 'Main Thread' : undefined);
  const thread = draftThread({ id: `0x${id}`, nativeId, name, view: NATIVE_VIEW, place });
  const samples = Number(SAMPLES.exec(rest)?.groups?.samples ?? 0);
  currentProcess(reading, place).threads.push(thread);
  reading.trees.set(thread, { samples, tree: growCallTree() });
  reading.thread = thread;
  reading.summary = false;
}

function useNode(reading: Reading, text: string, place: Place): boolean {
  const { thread } = reading;
  const found = NODE.exec(text)?.groups;
  if (found?.rest === undefined || thread === undefined) return false;
  const kernel = found.star !== undefined;
  const state = STATE.exec(found.rest)?.groups?.state;
  const frame = parseCall(found.rest, kernel, place);
  if (frame === undefined) return false;
  if (state !== undefined && thread.notes.length < MOST_NOTES && !thread.notes.includes(state))
    thread.notes.push(state);
  // The star takes the place of one blank.
  const column = (found.indentation?.length ?? 0) + (kernel ? 1 : 0);
  reading.trees.get(thread)?.tree.add(frame, Number(found.count), column);
  return true;
}

const MOST_NOTES = 8;

function parseCall(text: string, kernel: boolean, place: Place): Frame | undefined {
  const found = CALL.exec(text)?.groups;
  if (found?.address === undefined) return undefined;
  const { symbol = '', module, file } = found;
  return makeFrame({
    language: kernel ? 'kernel' : 'native',
    function: symbol === '???' ? '' : bareName(symbol),
    module,
    file,
    line: parseLineNumber(found.line),
    address: normaliseHex(found.address),
    place,
  });
}
