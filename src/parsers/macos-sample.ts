import { type Frame, makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { type CallTree, growCallTree, heaviestPath } from './_shared/call-tree.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { bareName } from './_shared/gdb-function-name.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { readMacosHeader } from './_shared/macos-header.ts';
import { parseNativeId } from './_shared/thread-identity.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { NATIVE_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "Analysis of sampling python3.11 (pid 4242) every 1 millisecond"
const TITLE = /^\s*Analysis of sampling (?<command>.+) \(pid (?<pid>\d+)\) every \d+ milliseconds?$/;

const CALL_GRAPH = /^\s*Call graph:$/;

// "Total number in stack (recursive counted multiple, when >=5):", "Sort by top of stack, …", "Binary Images:"
const END = /^\s*(?:Total number in stack|Sort by top of stack|Binary Images)/;

// "    2750 Thread_12537027: Main Thread   DispatchQueue_1: com.apple.main-thread  (serial)"
const THREAD = /^\s*(?<count>\d+) Thread_(?<id>\w+)(?:: (?<name>\S.*?))?(?: +DispatchQueue_\S+: .*)?$/;

// "    + !   2750 take_gil  (in Python) + 120  [0x1012ab]  ceval_gil.h:240"; guides show the branches
const NODE = /^(?<guides>[\s+!:|]*)(?<count>\d+) (?<rest>\S.*)$/;

// "take_gil  (in Python) + 120  [0x1012ab,0x1012ac]  ceval_gil.h:240"
const CALL =
  /^(?<symbol>.*?) {1,2}\(in (?<module>.+?)\)(?: {1,2}load address 0x[0-9a-f]+)?(?: \+ [\d,x.a-f]+)*(?: +\[(?<address>0x[0-9a-f]+)[^\]]*\])?(?: +(?<file>[^\s:]+):(?<line>\d+))?$/;

/** macOS's `sample PID`. No public source; after public reports. A tree with the outermost call at its root. */
export default defineTextParser({
  format: 'macos-sample',
  tool: 'sample',
  title: "macOS's `sample`",
  begins: /Analysis of sampling |Call graph:|\d+ Thread_/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (TITLE.test(text)) return 'certain';
    return CALL_GRAPH.test(text) || /^\s*\d+ Thread_\w+(?::| {2}|$)/.test(text) ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly process: ProcessDraft;
  readonly trees: Map<ThreadDraft, { readonly samples: number; readonly tree: CallTree }>;
  thread: ThreadDraft | undefined;
  /** After the call graph come tables made from it. */
  ended: boolean;
}

function parse({ source, lines }: TextSection): Parsed {
  const process = draftProcess({ place: { source, line: lines[0]?.number ?? 1 } });
  const reading: Reading = { source, process, trees: new Map(), thread: undefined, ended: false };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  for (const [thread, { samples, tree }] of reading.trees) {
    const { frames, count } = heaviestPath(tree.roots);
    thread.frames = frames;
    thread.notes.push(`in this stack in ${count} of ${samples} samples`);
    // Every sample ended in the same function.
    if (count === samples && samples > 1) thread.progress = 'stuck';
  }
  process.threads = [...reading.trees.keys()];
  return { processes: process.threads.length > 0 ? [process] : [], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const { text } = line;
  const title = TITLE.exec(text)?.groups;
  if (title !== undefined) {
    reading.process.pid ??= Number(title.pid);
    reading.process.command ??= title.command;
    return true;
  }
  if (CALL_GRAPH.test(text)) return true;
  reading.ended ||= END.test(text);
  if (reading.ended) return /^\s*(?:Total|Sort|Binary|\d|0x|\+|\?|.*\(in )/.test(text);
  const place = { source: reading.source, line: line.number };
  const thread = THREAD.exec(text)?.groups;
  if (thread?.id !== undefined) {
    const { id, name } = thread;
    reading.thread = draftThread({ id, nativeId: parseNativeId(id), name, view: NATIVE_VIEW, place });
    reading.trees.set(reading.thread, { samples: Number(thread.count), tree: growCallTree() });
    return true;
  }
  return useNode(reading, text, place) || (reading.thread === undefined && readMacosHeader(reading.process, text));
}

function useNode(reading: Reading, text: string, place: Place): boolean {
  const found = NODE.exec(text)?.groups;
  const tree = reading.thread === undefined ? undefined : reading.trees.get(reading.thread)?.tree;
  if (found?.rest === undefined || tree === undefined) return false;
  const frame = parseCall(found.rest, place);
  if (frame === undefined) return false;
  tree.add(frame, Number(found.count), found.guides?.length ?? 0);
  return true;
}

function parseCall(text: string, place: Place): Frame | undefined {
  const found = CALL.exec(text.trim())?.groups;
  if (found === undefined) return undefined;
  const { symbol = '', module, address, file } = found;
  const name = symbol === '???' ? '' : bareName(symbol);
  return makeFrame({
    language: 'native',
    function: name,
    module,
    address,
    file,
    line: parseLineNumber(found.line),
    place,
  });
}
