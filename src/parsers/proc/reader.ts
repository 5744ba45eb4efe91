import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from '../_shared/drafts.ts';
import { parseKernelLine } from '../_shared/kernel-frames.ts';
import { asLogicalLines, collectSkipped } from '../_shared/logical-lines.ts';
import type { Line, Parsed, TextSection } from '../parser.ts';
import * as grammar from './lines.ts';

interface Reading {
  readonly source: string;
  readonly finished: ProcessDraft[];
  /** What was read of the present moment, by pid, and by pid and thread id. */
  readonly processes: Map<number, ProcessDraft>;
  readonly threads: Map<string, ThreadDraft>;
  /** Files read in this moment: one that comes again shows the next moment. */
  readonly seen: Set<string>;
  origin: grammar.Origin | undefined;
  /** Whether a path told the origin, and not the lines of a bare status. */
  headed: boolean;
  /** The name that a bare status told before its ids. */
  name: string | undefined;
  state: string | undefined;
}

/** Pids below 0 stand for processes whose number the paste does not tell. */
const UNKNOWN_PID = -1;

export function readProc({ source, lines }: TextSection): Parsed {
  const reading: Reading = {
    source,
    finished: [],
    processes: new Map(),
    threads: new Map(),
    seen: new Set(),
    origin: undefined,
    headed: false,
    name: undefined,
    state: undefined,
  };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  return { processes: [...reading.finished, ...reading.processes.values()], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  if (useFile(reading, line)) return true;
  const path = grammar.parsePath(line.text);
  if (path === undefined) return useContent(reading, line, line.text);
  moveTo(reading, path);
  // Opened even where the file is empty: a thread that runs has no kernel stack.
  const thread = openThread(reading, line);
  const { content } = path;
  if (content === undefined || content.trim() === '') return true;
  if (useProcessFile(reading, path.origin, content.trim())) return true;
  if (path.origin.file === 'comm') thread.name ??= content.trim();
  else if (path.origin.file === 'whyhung') useRemark(thread, content.trim());
  else return useContent(reading, line, content);
  return true;
}

/** Files that tell of the whole process, each on one line behind its path. */
function useProcessFile({ processes }: Reading, { pid, file }: grammar.Origin, content: string): boolean {
  const process = processes.get(pid);
  if (process === undefined || file === undefined) return false;
  if (file === 'cmdline') process.command ??= content;
  else if (file === 'exe') process.executable ??= content;
  else if (file === 'forked') process.forked = /^from \d+$/.test(content);
  else if (file === 'packages') {
    const found = grammar.PACKAGE.exec(content)?.groups;
    const known = process.packages ?? [];
    if (found?.name !== undefined && found.version !== undefined && known.length < MOST_PACKAGES)
      process.packages = [...known, { name: found.name, version: found.version }];
  } else return file === 'cgroup' || file === 'limits' || file === 'children' || file.startsWith('fd/');
  return true;
}

/** What a thread waits for, as `whyhung attach` found out. */
function useRemark(thread: ThreadDraft, text: string): void {
  const owner = grammar.OWNER.exec(text)?.groups?.tid;
  if (owner !== undefined) thread.mutexOwner = Number(owner);
  // First, since only the first few are shown.
  if (thread.notes.length < MOST_NOTES && !thread.notes.includes(text)) thread.notes.unshift(text);
}

/** Open files belong to their process; the list of locks is the whole system's, and is kept with the last process. */
function useFile(reading: Reading, { text }: Line): boolean {
  const open = grammar.parseFile(text);
  if (open !== undefined) {
    const process = reading.processes.get(open.pid);
    if (process !== undefined) process.files = append(process.files, open.file);
    return true;
  }
  const lock = grammar.parseLock(text);
  const last = [...reading.processes.values()].at(-1) ?? reading.finished.at(-1);
  if (lock === undefined || last === undefined) return false;
  last.fileLocks = append(last.fileLocks, lock);
  return true;
}

function append<Item>(items: Item[] | undefined, item: Item): Item[] {
  const list = items ?? [];
  list.push(item);
  return list;
}

/** `grep` repeats the path on each line of one file; any other repetition is a second capture. */
function moveTo(reading: Reading, { origin, content }: grammar.ProcLine): void {
  const key = keyOf(origin);
  const goesOn = content !== undefined && reading.origin !== undefined && keyOf(reading.origin) === key;
  if (!goesOn && reading.seen.has(key)) startMoment(reading);
  reading.seen.add(key);
  reading.origin = origin;
  reading.headed = true;
}

function keyOf({ pid, tid, file }: grammar.Origin): string {
  return `${pid} ${tid} ${file ?? ''}`;
}

function startMoment(reading: Reading): void {
  reading.finished.push(...reading.processes.values());
  reading.processes.clear();
  reading.threads.clear();
  reading.seen.clear();
}

function openThread(reading: Reading, line: Line): ThreadDraft {
  const place = { source: reading.source, line: line.number };
  const { pid, tid } = reading.origin ?? { pid: UNKNOWN_PID, tid: UNKNOWN_PID };
  const key = `${pid} ${tid}`;
  const known = reading.threads.get(key);
  if (known !== undefined) return known;
  const process = reading.processes.get(pid) ?? draftProcess({ pid: pid < 0 ? undefined : pid, place });
  reading.processes.set(pid, process);
  const id = tid < 0 ? 'unknown' : String(tid);
  const thread = draftThread({ id, nativeId: tid < 0 ? undefined : tid, place });
  process.threads.push(thread);
  reading.threads.set(key, thread);
  return thread;
}

function useContent(reading: Reading, line: Line, text: string): boolean {
  const kernel = parseKernelLine(text, { source: reading.source, line: line.number });
  if (kernel !== undefined) {
    const thread = openThread(reading, line);
    if (kernel.frame !== undefined) thread.frames.push(kernel.frame);
    return true;
  }
  return useStatus(reading, line, text) || useSyscall(reading, line, text) || useWord(reading, line, text);
}

function useStatus(reading: Reading, line: Line, text: string): boolean {
  const state = grammar.STATE.exec(text)?.groups;
  if (state?.letter !== undefined) {
    reading.state = noteOfState(state.letter, state.says);
    if (reading.origin !== undefined) takeState(reading, line);
    return true;
  }
  const name = grammar.NAME.exec(text)?.groups?.name;
  if (name !== undefined) {
    // A second status without a path begins another thread.
    if (!reading.headed && reading.name !== undefined) reading.origin = undefined;
    reading.name = name;
    if (reading.origin !== undefined && name !== '') openThread(reading, line).name ??= name;
    return true;
  }
  const ids = grammar.PID.exec(text)?.groups;
  if (ids?.id !== undefined) return useId(reading, line, ids.key ?? '', Number(ids.id));
  return grammar.STATUS_KEY.test(text) && (reading.name !== undefined || reading.processes.size > 0);
}

/** "Tgid" comes before "Pid"; together they say whose status it is where no path does. */
function useId(reading: Reading, line: Line, key: string, id: number): boolean {
  if (key === 'Tgid' && reading.origin === undefined) reading.origin = { pid: id, tid: id, file: undefined };
  if (key === 'Pid') {
    reading.origin ??= { pid: id, tid: id, file: undefined };
    if (!reading.headed) reading.origin = { ...reading.origin, tid: id };
    const thread = openThread(reading, line);
    if (reading.name !== undefined && reading.name !== '') thread.name ??= reading.name;
    takeState(reading, line);
  }
  if (key === 'TracerPid' && id !== 0) addNote(openThread(reading, line), `traced by process ${id}`);
  if (key === 'PPid' && reading.origin !== undefined && id !== 0) {
    openThread(reading, line);
    const process = reading.processes.get(reading.origin.pid);
    if (process !== undefined) process.parentPid ??= id;
  }
  return true;
}

function noteOfState(letter: string, says: string | undefined): string {
  return says === undefined ? `state ${letter}` : `state ${letter} (${says})`;
}

function takeState(reading: Reading, line: Line): void {
  if (reading.state === undefined) return;
  const thread = openThread(reading, line);
  addNote(thread, reading.state);
  thread.activity ??= reading.state.startsWith('state R') ? 'active' : 'idle';
  reading.state = undefined;
}

function useSyscall(reading: Reading, line: Line, text: string): boolean {
  const found = grammar.SYSCALL.exec(text);
  if (found !== null) {
    const number = found.groups?.number;
    const thread = openThread(reading, line);
    if (number === undefined) thread.activity ??= 'active';
    // -1: blocked, but not in a system call.
    addNote(thread, number === undefined ? 'running' : number === '-1' ? 'not in a system call' : `syscall ${number}`);
    return true;
  }
  const stat = grammar.STAT.exec(text)?.groups;
  if (stat?.letter === undefined) return false;
  const thread = openThread(reading, line);
  thread.name ??= stat.name;
  addNote(thread, noteOfState(stat.letter, undefined));
  if (stat.user !== undefined) thread.ticks = Number(stat.user) + Number(stat.system);
  return true;
}

/** A lone word is a wchan, or a name where the path says so. Elsewhere only words with an underscore are believed. */
function useWord(reading: Reading, line: Line, text: string): boolean {
  const file = reading.origin?.file;
  if (file === 'comm' || file === 'cmdline') {
    const thread = openThread(reading, line);
    thread.name ??= file === 'comm' ? text.trim() : undefined;
    return true;
  }
  const symbol = grammar.WCHAN.exec(text)?.groups?.symbol;
  if (symbol === undefined || reading.processes.size === 0) return false;
  if (file !== 'wchan' && !symbol.includes('_')) return symbol === '0';
  if (symbol !== '0') addNote(openThread(reading, line), `wchan ${symbol}`);
  return true;
}

function addNote(thread: ThreadDraft, note: string): void {
  if (!thread.notes.includes(note) && thread.notes.length < MOST_NOTES) thread.notes.push(note);
}

/** Repeated captures of one thread would pile up the same facts. */
const MOST_NOTES = 8;
/** A large environment has some hundreds. */
const MOST_PACKAGES = 2000;
