import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseStat } from './proc-stat.ts';

/** A process as the kernel's table lists it at one moment. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** The kernel's letter: R, S, D, T (stopped), t (traced), Z (ended, not waited for), … */
  readonly state: string;
  /** Tells two processes apart that had the same pid one after the other. */
  readonly startTime: string;
  /** Of all its threads, also those that ended, and of children that it waited for. */
  readonly cpuSeconds: number;
  readonly name: string;
}

/** All processes of this machine, in one look: /proc where there is one (Linux), else ps (macOS). */
export function readProcessTable(): ProcessEntry[] {
  return hasProc() ? readProc() : readPs();
}

let proc: boolean | undefined;

export function hasProc(): boolean {
  proc ??= quietly(() => readFileSync('/proc/self/stat')) !== undefined;
  return proc;
}

export function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    // The process ended between two looks, or is somebody else's.
    return undefined;
  }
}

/** Read without waiting in between: a table that took long to read would be of no moment at all. */
function readProc(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    return readEntry(Number(name)) ?? [];
  });
}

export function readEntry(pid: number): ProcessEntry | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text === undefined ? undefined : parseStat(text);
}

/** The environment cannot be read there, and a session has no number. */
function readPs(): ProcessEntry[] {
  const columns = 'pid=,ppid=,pgid=,state=,time=,lstart=,comm=';
  const text = execFileSync('ps', ['-A', '-o', columns], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return text.split('\n').flatMap((line) => parsePsLine(line) ?? []);
}

// "  412   1   412 Ss     0:01.43 Wed Nov 25 15:10:02 2026     /usr/sbin/sshd"
const PS_LINE =
  /^\s*(?<pid>\d+)\s+(?<parent>\d+)\s+(?<group>\d+)\s+(?<state>\S+)\s+(?<time>[\d:.-]+)\s+(?<start>\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d+)\s+(?<name>.*)$/;

export function parsePsLine(line: string): ProcessEntry | undefined {
  const found = PS_LINE.exec(line)?.groups;
  if (found === undefined) return undefined;
  const group = Number(found.group);
  return {
    pid: Number(found.pid),
    parentPid: Number(found.parent),
    groupId: group,
    sessionId: group,
    state: found.state?.charAt(0) ?? '?',
    startTime: found.start ?? '',
    cpuSeconds: parseCpuTime(found.time ?? ''),
    name: found.name?.split('/').at(-1) ?? '',
  };
}

/** "1-02:03:04", "02:03:04", "0:01.43". */
function parseCpuTime(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + seconds;
}
