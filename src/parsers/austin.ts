import { type Frame, makeFrame } from '../model/frame.ts';
import type { Activity } from '../model/thread.ts';
import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { addSample, type ThreadProfile, toThread } from './_shared/profile.ts';
import { parseNativeId } from './_shared/thread-identity.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { PYTHON_VIEW } from './_shared/views.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "P1206;T0:1208;/srv/app/trainer.py:load:8 36"; in full mode "… 36,1,0"; the interpreter's number came with 3.6
const SAMPLE =
  /^P(?<pid>\d+);T(?:(?<interpreter>\d+):)?(?<tid>[0-9a-fA-F]+)(?:;(?<stack>.*))? (?<metric>-?\d+(?:,\d+,-?\d+)?)$/;

// "# austin: 3.7.0", "# duration: 1001925"
const METADATA =
  /^# (?<key>austin|interval|mode|python|duration|map|memory|multiprocess|gc|sampling|saturation|errors|count): ?(?<value>.*)$/;

// "💤 Process 1206 🧵 Thread 0:1208", of `austin -w`: asleep or running, a child is marked too
const WHERE =
  /^\s*(?<mark>\p{Extended_Pictographic}\S*)?.{0,8}Process (?<pid>\d+) \p{Extended_Pictographic}\S* Thread (?:(?<interpreter>\d+):)?(?<tid>[0-9a-fA-F]+)$/u;

// "    Thread.run (/opt/python/lib/python3.11/threading.py:982)", kernel frames end in a penguin
const WHERE_FRAME = /^\s+(?<function>\S.*?) \((?<file>.+):(?<line>\d+)\)$/;
const KERNEL_FRAME = /^\s+(?<function>\S+) \p{Extended_Pictographic}\S*$/u;

// The title and the statistics that Austin writes to the terminal.
const NOISE =
  /^\s*(?:_ +_(?: +_)?$|__ _ _|\/ _` \||\\__,_\||.{0,4}(?:Python version:|Sampling (?:for|duration)|Statistics$))/;

/**
 * Austin's samples and `austin -w`. Printed by src/py_thread.c, src/events.h and src/logging.h of P403n1x87/austin, seen
 * of 3.7; binary output (MOJO) is not text. Outermost first in both, which py-spy's similar frames are not.
 */
export default defineTextParser({
  format: 'austin',
  tool: 'austin',
  title: 'Austin: samples and `austin -w`',
  begins: /P\d+;T|# austin: \d|(?:[^\x20-\x7e]\S*)?.{0,16}Process \d+ [^\x20-\x7e]/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    return /^P\d+;T/.test(text) || /^# austin: \d/.test(text) || WHERE.test(text) ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: Map<string, ProcessDraft>;
  readonly profiles: Map<string, ThreadProfile & { readonly pid: string }>;
  /** The thread of `austin -w` that is being read. */
  thread: ThreadDraft | undefined;
  pythonVersion: string | undefined;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    processes: new Map(),
    profiles: new Map(),
    thread: undefined,
    pythonVersion: undefined,
  };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  for (const { threads } of reading.processes.values()) for (const { frames } of threads) frames.reverse();
  for (const profile of reading.profiles.values()) {
    const thread = toThread(profile, source, (stack, line) => readStack(stack, source, line));
    if (thread !== undefined) processOf(reading, profile.pid, thread.place.line).threads.push(thread);
  }
  const processes = [...reading.processes.values()];
  for (const process of processes) process.pythonVersion = reading.pythonVersion;
  return { processes, skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const sample = SAMPLE.exec(line.text)?.groups;
  if (sample !== undefined) return useSample(reading, line, sample);
  const metadata = METADATA.exec(line.text)?.groups;
  if (metadata?.key === 'python') reading.pythonVersion = metadata.value;
  return metadata !== undefined || useWhere(reading, line) || NOISE.test(line.text);
}

function useSample(reading: Reading, line: Line, found: { [key: string]: string | undefined }): boolean {
  const { pid = '', tid = '', interpreter = '0', stack = '', metric = '0' } = found;
  const key = `${pid} ${interpreter} ${tid}`;
  const known = reading.profiles.get(key);
  const profile = known ?? { pid, id: tid, nativeId: nativeId(tid), name: undefined, stacks: new Map() };
  if (known === undefined) reading.profiles.set(key, profile);
  const [time, idle] = metric.split(',');
  const activity = idle === undefined ? undefined : activityOf(idle === '1');
  addSample(profile, stack, { line, samples: 1, weight: Math.max(0, Number(time)), activity });
  return true;
}

function activityOf(idle: boolean): Activity {
  return idle ? 'idle' : 'active';
}

/** Windows prints hexadecimal; a decimal number cannot be told from it, and Linux is the rule. */
function nativeId(tid: string): number | undefined {
  return /^\d+$/.test(tid) ? parseNativeId(tid) : undefined;
}

function processOf(reading: Reading, pid: string, line: number): ProcessDraft {
  const known = reading.processes.get(pid);
  const process = known ?? draftProcess({ pid: parseNativeId(pid), place: { source: reading.source, line } });
  if (known === undefined) reading.processes.set(pid, process);
  return process;
}

/** "threading.py:Thread.run:982;kernel:futex_wait:0": from the right, for a file may hold colons. Innermost first. */
function readStack(stack: string, source: string, line: Line): Frame[] {
  const place = { source, line: line.number };
  return stack
    .split(';')
    .flatMap((text) => {
      const found = /^(?<file>.*):(?<function>[^:]*):(?<line>\d*)$/.exec(text)?.groups;
      if (found === undefined || text === ':INVALID:') return [];
      const { file = '', function: name = '' } = found;
      if (text === ':GC:') return [makeFrame({ language: 'python', function: '<GC>', place })];
      if (file === 'kernel') return [makeFrame({ language: 'kernel', function: name, place })];
      return [makeFrame({ language: 'python', function: name, file, line: parseLineNumber(found.line), place })];
    })
    .reverse();
}

function useWhere(reading: Reading, line: Line): boolean {
  const place = { source: reading.source, line: line.number };
  const header = WHERE.exec(line.text)?.groups;
  if (header !== undefined) {
    const { mark, pid = '', tid = '' } = header;
    const activity = mark === undefined ? undefined : activityOf(mark.startsWith('💤'));
    reading.thread = draftThread({ id: tid, nativeId: nativeId(tid), activity, view: PYTHON_VIEW, place });
    processOf(reading, pid, line.number).threads.push(reading.thread);
    return true;
  }
  if (reading.thread === undefined) return false;
  const kernel = KERNEL_FRAME.exec(line.text)?.groups?.function;
  const found = WHERE_FRAME.exec(line.text)?.groups;
  if (kernel !== undefined) reading.thread.frames.push(makeFrame({ language: 'kernel', function: kernel, place }));
  else if (found?.function !== undefined) {
    const { function: name, file } = found;
    reading.thread.frames.push(
      makeFrame({ language: 'python', function: name, file, line: parseLineNumber(found.line), place }),
    );
  } else return false;
  return true;
}
