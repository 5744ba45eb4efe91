import { makeFrame } from '../model/frame.ts';
import type { Place } from '../model/place.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { bareName } from './_shared/gdb-function-name.ts';
import { asLogicalLines, collectSkipped, nextText } from './_shared/logical-lines.ts';
import { readMacosHeader } from './_shared/macos-header.ts';
import { normaliseHex } from './_shared/thread-identity.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { NATIVE_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "Thread 0::  Dispatch queue: com.apple.main-thread", "Thread 3 Crashed:: loader", "Thread 1:"
const THREAD = /^\s*Thread (?<id>\d+)(?<crashed> Crashed)?:(?::(?: +Dispatch queue: (?<queue>.+)| *(?<name>\S.*))?)?$/;

// "Process:               python3.11 [4242]", the first line of a report
const HEAD = /^\s*Process: {2,}\S.* \[\d+\]$/;

// "0   libsystem_kernel.dylib        	       0x187afd3cc __psynch_cvwait + 8 (file.c:12)"
const FRAME =
  /^\s*\d+ +(?<module>\S.*?)\s+(?<address>0x[0-9a-f]+) (?<symbol>.*?)(?: \+ \d+)?(?: \((?<file>[^()]+):(?<line>\d+)\))?$/;

// "Thread 0 crashed with ARM Thread State (64-bit):", "Binary Images:"
const END = /^\s*(?:Thread \d+ crashed with |Binary Images:|External Modification Summary|VM Region)/;

/** The text of a macOS crash report (.crash). No public source; after public reports. Innermost first. */
export default defineTextParser({
  format: 'macos-crash',
  tool: 'ReportCrash',
  title: "macOS crash reports' text",
  begins: /Thread \d+(?: Crashed)?:/,
  mayBegin: /Process: {2,}/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (THREAD.test(text)) return FRAME.test(nextText(lines, at) ?? '') ? 'certain' : 'no';
    return HEAD.test(text) ? 'likely' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly process: ProcessDraft;
  thread: ThreadDraft | undefined;
  ended: boolean;
}

function parse({ source, lines }: TextSection): Parsed {
  const process = draftProcess({ place: { source, line: lines[0]?.number ?? 1 } });
  const reading: Reading = { source, process, thread: undefined, ended: false };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  return { processes: process.threads.length > 0 ? [process] : [], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const { text } = line;
  const place = { source: reading.source, line: line.number };
  reading.ended ||= END.test(text);
  // Registers and images.
  if (reading.ended) return END.test(text) || /\b0x[0-9a-f]+\b/.test(text);
  const header = THREAD.exec(text)?.groups;
  if (header?.id !== undefined) {
    const name = header.queue === 'com.apple.main-thread' ? 'Main Thread' : header.name;
    reading.thread = draftThread({ id: header.id, name, view: NATIVE_VIEW, place });
    if (header.crashed !== undefined) reading.thread.notes.push('crashed');
    reading.process.threads.push(reading.thread);
    return true;
  }
  return useFrame(reading, text, place) || readMacosHeader(reading.process, text);
}

function useFrame({ thread }: Reading, text: string, place: Place): boolean {
  const found = FRAME.exec(text)?.groups;
  if (found?.address === undefined || thread === undefined) return false;
  const { module, address, file } = found;
  // Without a symbol the load address and an offset stand in its place.
  const name = /^(?:0x[0-9a-f]+|\?\?\?)$/.test(found.symbol ?? '') ? '' : bareName(found.symbol ?? '');
  const lineNumber = parseLineNumber(found.line);
  thread.frames.push(
    makeFrame({
      language: 'native',
      function: name,
      module,
      address: normaliseHex(address),
      file,
      line: lineNumber,
      place,
    }),
  );
  return true;
}
