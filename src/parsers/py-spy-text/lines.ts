import { type Frame, makeFrame, type Variable } from '../../model/frame.ts';
import { type Activity, type GilState, makeThread, type Thread } from '../../model/thread.ts';
import { isModule, isNativeLocation } from '../_shared/native-location.ts';
import type { Line } from '../parser.ts';

/** 'Process 4242: /opt/py/bin/python -m trainer'; the command may go on over further lines. */
export const PROCESS = /^\s*Process (?<pid>\d+): ?(?<command>.*)$/;

/** "Python v3.11.7 (/opt/py/bin/python3.11)"; without the path for core files. */
export const PYTHON = /^\s*Python v(?<version>\d+\.\d+\S*)(?: \((?<executable>.+)\))?$/;

/** 'Parent Process 4200: python launcher.py', since 0.3.12. */
export const PARENT = /^\s*Parent Process (?<pid>\d+): ?/;

/** "Python version 3.7.0", the second line of 0.1. */
export const OLD_PYTHON = /^\s*Python version (?<version>\d+\.\d+\.\d+\S*)$/;

/** "Signal 11: /tmp/core.77", the first line of a core file's dump. */
export const SIGNAL = /^\s*Signal \d+: \S/;

/** "--------------------", between a process and its children, as wide as the terminal. */
export const SEPARATOR = /^\s*-{20,}$/;

/** 'Thread 4242 (idle): "MainThread"', 'Thread 0x7F10B8FFE6C0 (active+gil)', 'Thread 0x7F10/0x1A2B (idle)' in 0.1. */
export const THREAD =
  /^\s*Thread (?<id>\d+|0x[0-9A-Fa-f]+)(?:\/(?<native>0x[0-9A-Fa-f]+))? \((?<status>idle|active|active\+gil|gil)\)(?:: ?"(?<name>.*)"?)?$/;

/** 'Thread 1234: "worker"' or 'Thread 1234': core files know no activity. */
const CORE_THREAD = /^\s*Thread (?<id>\d+|0x[0-9A-Fa-f]+)(?:: "(?<name>.*)")?$/;

/**
 * "    1: unexpected waitpid result PtraceEvent(Pid(4242), SIGSTOP, 128) to 4242": why 0.4 could not stop a process. Of ptrace(2):
 * event 128 with one of these signals, where py-spy expects SIGTRAP, is how the kernel reports that job control stopped it before.
 */
export const STOPPED =
  /^\s*(?:\d+: )?unexpected waitpid result PtraceEvent\(Pid\((?<id>\d+)\), (?<signal>SIG(?:STOP|TSTP|TTIN|TTOU)), 128\)/;

/** "Arguments:", and with two colons up to 0.3.8. */
export const VARIABLES_TITLE = /^\s*(?<title>Arguments|Locals)::?$/;

/** 'self: <Pool at 0x7f10c0a1d0>'. Not "ns::f (x.cpp:3)". */
const VARIABLE = /^\s*(?<name>\.?\w+): (?<value>.*)$/;

/** "threading.py:355": a colon and digits at the end; the line may be negative for odd code objects. */
const LINE_NUMBER = /:(?<line>-?\d+)$/;

export function parseThread(line: Line, source: string, core: boolean): Thread | undefined {
  const found = (THREAD.exec(line.text) ?? (core ? CORE_THREAD.exec(line.text) : null))?.groups;
  if (found?.id === undefined) return undefined;
  const { id, status } = found;
  const hexadecimal = id.startsWith('0x');
  return makeThread({
    id,
    // Decimal is the kernel's id. Where py-spy does not know that, it prints the pthread id in hexadecimal.
    nativeId: found.native !== undefined ? Number(found.native) : hexadecimal ? undefined : Number(id),
    pthreadId: hexadecimal ? `0x${BigInt(id).toString(16)}` : undefined,
    name: found.name?.replace(/"$/, ''),
    activity: activityOf(status),
    gil: gilOf(status),
    place: { source, line: line.number },
  });
}

/** The thread of which py-spy says that it was stopped already; its stack py-spy does not print. */
export function parseStopped(line: Line, source: string): Thread | undefined {
  const found = STOPPED.exec(line.text)?.groups;
  if (found?.id === undefined) return undefined;
  return makeThread({
    id: found.id,
    nativeId: Number(found.id),
    notes: [`state T (stopped by ${found.signal})`],
    place: { source, line: line.number },
  });
}

function activityOf(status: string | undefined): Activity | undefined {
  if (status === 'idle') return 'idle';
  return status === 'active' || status === 'active+gil' ? 'active' : undefined;
}

function gilOf(status: string | undefined): GilState | undefined {
  return status?.endsWith('gil') ? 'holds' : undefined;
}

/** "    wait (threading.py:320)", as nearly every frame looks. */
const PLAIN_FRAME = /^\s*([A-Za-z_<][^\s()]*) \(([^()]*\.py):(\d{1,9})\)$/;

/**
 * "    wait (threading.py:320)". The location is found from the end, by walking back to the bracket that opens it: both
 * C++ names and file names hold brackets ("step (io loop (2).py:12)").
 */
export function parseFrame(line: Line, source: string): Frame | undefined {
  const plain = PLAIN_FRAME.exec(line.text);
  if (plain !== null) {
    const [, name = '', file, digits] = plain;
    const place = { source, line: line.number };
    return makeFrame({ language: 'python', function: name, file, line: Number(digits), place });
  }
  const text = line.text.trim();
  if (!text.endsWith(')')) return undefined;
  const open = openingBracket(text);
  if (open < 2 || text[open - 1] !== ' ') return undefined;
  const location = text.slice(open + 1, -1);
  const numbered = LINE_NUMBER.exec(location);
  const file = numbered === null ? location : location.slice(0, numbered.index);
  const lineNumber = numbered?.groups?.line === undefined ? undefined : Number(numbered.groups.line);
  const name = text.slice(0, open - 1);
  const place = { source, line: line.number };
  if (!isNativeLocation(file, lineNumber) && !name.startsWith('0x')) {
    return makeFrame({ language: 'python', function: name, file, line: lineNumber, place });
  }
  return makeFrame({
    language: 'native',
    function: name,
    address: /^0x[0-9a-f]+$/.test(name) ? name : undefined,
    ...(isModule(file) ? { module: file } : { file, line: lineNumber }),
    place,
  });
}

function openingBracket(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index -= 1) {
    if (text[index] === ')') depth += 1;
    else if (text[index] === '(') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/** A frame that looks like one even without a thread above it: "term (zmq/sugar/context.py:195)". */
export function looksLikeFrame(text: string): boolean {
  return STRICT_FRAME.test(text);
}

const STRICT_FRAME = /^\s*(?:[\w<>.$~]|::)+ \((?:[^\s()]+\.pyx?|<[^()]+>):\d+\)$/;

export function parseVariable(text: string): Variable | undefined {
  const found = VARIABLE.exec(text)?.groups;
  return found?.name === undefined ? undefined : { name: found.name, value: found.value ?? '' };
}
