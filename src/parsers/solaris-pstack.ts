import { makeFrame } from '../model/frame.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { asLogicalLines, collectSkipped, nextText } from './_shared/logical-lines.ts';
import { normaliseHex, parseNativeId } from './_shared/thread-identity.ts';
import { NATIVE_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "123:	/opt/py/bin/python run.py"
const PROCESS = /^\s*(?:core '.*' of )?(?<pid>\d+):\s+(?<command>\S.*)$/;

// "-----------------  lwp# 1 / thread# 1  --------------------", with a name on newer illumos: "--- thread# 1 / lwp# 1 [main] ---"
const THREAD =
  /^\s*-{3,} +(?:lwp# (?<lwp>\d+)(?: \/ thread# \d+)?|thread# \d+ \/ lwp# (?<other>\d+))(?: \[(?<name>[^\]]*)\])? +-{3,}$/;

// " ff2b1c64 poll (ff0, 1, 0)", " fffffd7fff1a8c1a libc.so.1`__lwp_park () + 17"
const FRAME =
  /^\s*(?<address>[0-9a-f]{8,16}) (?:(?<module>[^\s`]+)`)?(?<function>\S.*?) \((?:[^()]*)\)(?: \+ [0-9a-f]+)?$/;

/** `pstack` of Solaris and illumos (usr/src/cmd/ptools/pstack). From memory and public reports; innermost first. */
export default defineTextParser({
  format: 'solaris-pstack',
  tool: 'pstack',
  title: '`pstack` of Solaris and illumos',
  begins: /-{3,} +(?:lwp|thread)|(?:core '.*' of )?\d+:\s/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (THREAD.test(text)) return 'certain';
    return PROCESS.test(text) && [THREAD, FRAME].some((next) => next.test(nextText(lines, at) ?? ''))
      ? 'certain'
      : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: ProcessDraft[];
  thread: ThreadDraft | undefined;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: [], thread: undefined };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  return { processes: reading.processes.filter(({ threads }) => threads.length > 0), skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const place = { source: reading.source, line: line.number };
  const header = THREAD.exec(line.text)?.groups;
  if (header !== undefined) {
    openThread(reading, line, header.lwp ?? header.other ?? '', header.name);
    return true;
  }
  const found = FRAME.exec(line.text)?.groups;
  if (found?.function !== undefined) {
    // A process with one thread has no rule above its stack.
    if (reading.thread === undefined) openThread(reading, line, '1', undefined);
    const { function: name, module } = found;
    const address = normaliseHex(found.address ?? '0');
    reading.thread?.frames.push(
      makeFrame({ language: 'native', function: /^\?+$/.test(name) ? '' : name.trim(), module, address, place }),
    );
    return true;
  }
  const process = PROCESS.exec(line.text)?.groups;
  if (process?.pid === undefined) return false;
  reading.processes.push(draftProcess({ pid: parseNativeId(process.pid), command: process.command, place }));
  reading.thread = undefined;
  return true;
}

function openThread(reading: Reading, line: Line, lwp: string, name: string | undefined): void {
  const place = { source: reading.source, line: line.number };
  // Numbers of lwps count from 1 in each process: no ids of the system.
  reading.thread = draftThread({ id: lwp, name, view: NATIVE_VIEW, place });
  if (reading.processes.length === 0) reading.processes.push(draftProcess({ place }));
  reading.processes.at(-1)?.threads.push(reading.thread);
}
