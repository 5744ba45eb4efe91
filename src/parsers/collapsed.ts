import { type Frame, makeFrame } from '../model/frame.ts';
import { openingOfLast } from './_shared/brackets.ts';
import { draftProcess, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { asLogicalLines, collectSkipped, nextText } from './_shared/logical-lines.ts';
import { isNativeLocation } from './_shared/native-location.ts';
import { addSample, heaviest, type ReadStack, type ThreadProfile, toStackThread, toThread } from './_shared/profile.ts';
import { parseNativeId } from './_shared/thread-identity.ts';
import { parseLineNumber } from './_shared/traceback-frames.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "main (run.py:9);step (io loop.py:12) 97"
const STACK = /^(?<stack>[^;\s][^;]*(?:;[^;]*)*) (?<count>\d+)$/;

// "process 12:"python run.py"", "thread (34): loader", with --threads and --subprocesses
const PROCESS = /^process (?<pid>\d+): ?"?(?<command>.*?)"?$/;
const THREAD = /^thread \((?<id>\d+|0x[0-9a-fA-F]+)\)(?:: (?<name>.*))?$/;

// "step (io loop.py:12);": a place that only Python's profilers print
const PLACED = /\([^();]+\.py:\d+\)(?:;| \d+$)/;

/** Without thread ids a profile is a heap of stacks; the heaviest stand for threads. */
const MOST_STACKS = 12;

/** Rarer stacks are noise. */
const LEAST_SHARE = 0.02;

/**
 * Collapsed stacks as flame graphs take them: `py-spy record -f raw` (src/flamegraph.rs of benfred/py-spy) and other
 * profilers. Outermost first.
 */
export default defineTextParser({
  format: 'collapsed',
  tool: 'collapsed stacks',
  title: 'collapsed stacks: `py-spy record -f raw` and input of flame graphs',
  begins: /\(\S/,
  holds: /\.py:\d+\)[; ]/,
  mayBegin: /.*;.* \d+$/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (!isStack(text)) return 'no';
    if (PLACED.test(text)) return 'certain';
    return isStack(nextText(lines, at) ?? '') && text.includes(';') ? 'likely' : 'no';
  },
  parse,
});

/** Austin's samples end alike, and have a parser of their own. */
function isStack(text: string): boolean {
  return (
    text.length < 100_000 && STACK.test(text) && !/^P\d+;T/.test(text) && (text.includes(';') || PLACED.test(text))
  );
}

interface Owned extends ThreadProfile {
  readonly process: ProcessDraft;
}

interface Reading {
  readonly source: string;
  readonly processes: Map<string, ProcessDraft>;
  readonly profiles: Map<string, Owned>;
}

function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: new Map(), profiles: new Map() };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  const read = (stack: string, line: Line): Frame[] => readStack(stack, source, line);
  for (const profile of reading.profiles.values()) {
    const thread = profile.id === '' ? undefined : toThread(profile, source, read);
    profile.process.threads.push(...(thread === undefined ? spread(profile, source, read) : [thread]));
  }
  return { processes: [...reading.processes.values()], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const found = isStack(line.text) ? STACK.exec(line.text)?.groups : undefined;
  if (found?.stack === undefined) return false;
  const parts = found.stack.split(';');
  const process = PROCESS.exec(parts[0] ?? '')?.groups;
  if (process !== undefined) parts.shift();
  const thread = THREAD.exec(parts[0] ?? '')?.groups;
  if (thread !== undefined) parts.shift();
  const profile = profileOf(reading, line, process, thread);
  const samples = Number(found.count);
  addSample(profile, parts.join(';'), { line, samples, weight: samples, activity: undefined });
  return true;
}

type Groups = { [key: string]: string | undefined } | undefined;

function profileOf(reading: Reading, line: Line, process: Groups, thread: Groups): Owned {
  const place = { source: reading.source, line: line.number };
  const { pid = '', command } = process ?? {};
  const owner = reading.processes.get(pid) ?? draftProcess({ pid: parseNativeId(pid), command, place });
  reading.processes.set(pid, owner);
  const id = thread?.id ?? '';
  const key = `${pid} ${id}`;
  const known = reading.profiles.get(key);
  if (known !== undefined) return known;
  const nativeId = /^\d+$/.test(id) ? parseNativeId(id) : undefined;
  const profile = { id, nativeId, name: thread?.name, stacks: new Map(), process: owner };
  reading.profiles.set(key, profile);
  return profile;
}

/** A profile without a thread id is cut into one thread for each of its heavy stacks. */
function spread(profile: Owned, source: string, read: ReadStack): ThreadDraft[] {
  return heaviest(profile, MOST_STACKS)
    .filter(({ share }, index) => index === 0 || share >= LEAST_SHARE)
    .map((top, index) => {
      const thread = toStackThread({ ...profile, id: `stack ${index + 1}` }, top, source, read);
      thread.notes.push(`this stack makes up ${Math.round(top.share * 100)} % of the profile`);
      return thread;
    });
}

function readStack(stack: string, source: string, line: Line): Frame[] {
  return stack
    .split(';')
    .map((text) => readFrame(text.trim(), source, line))
    .reverse();
}

/** "step (io loop.py:12)", "poll (libc.so.6)", "poll" */
function readFrame(text: string, source: string, line: Line): Frame {
  const place = { source, line: line.number };
  const open = text.endsWith(')') ? openingOfLast(text) : -1;
  if (open < 2 || text[open - 1] !== ' ') {
    return makeFrame({ language: /^[\w<>.]+$/.test(text) ? 'python' : 'native', function: text, place });
  }
  const found = /^(?<file>.*?)(?::(?<line>\d+))?$/.exec(text.slice(open + 1, -1))?.groups;
  const { file = '' } = found ?? {};
  const number = parseLineNumber(found?.line);
  const name = text.slice(0, open - 1);
  if (!isNativeLocation(file, number))
    return makeFrame({ language: 'python', function: name, file, line: number, place });
  if (number === undefined) return makeFrame({ language: 'native', function: name, module: file, place });
  return makeFrame({ language: 'native', function: name, file, line: number, place });
}
