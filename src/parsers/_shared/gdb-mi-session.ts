import type { Variable } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import type { Line, Parsed } from '../parser.ts';
import { bareName } from './gdb-function-name.ts';
import { describeTarget, type GdbThread, NO_THREAD } from './gdb-identity.ts';
import { addNative, type Listing, startListing } from './gdb-listing.ts';
import {
  type MiFrame,
  type MiPayload,
  readMiFrames,
  readMiStackArgs,
  readMiThreads,
  readPayload,
} from './gdb-mi-schema.ts';
import { assignPrinted, assignThreads, lendArguments } from './gdb-mi-threads.ts';
import { toProcesses } from './gdb-processes.ts';
import { readSession } from './gdb-reader.ts';
import { learnPid, type Stop, startStop } from './gdb-stop.ts';

/** One record of GDB/MI, from its text or from pygdbmi's JSON. */
export interface MiRecord {
  readonly kind: 'result' | 'notify' | 'console' | 'command' | 'other';
  /** `done`, `error`, `stopped` … */
  readonly name: string;
  /** The results; text for the console and for commands. */
  readonly payload: unknown;
  readonly token: string | undefined;
  readonly line: Line;
}

interface MiSession {
  readonly source: string;
  readonly stop: Stop;
  readonly threads: Map<string, GdbThread>;
  /** Threads by the token of the command that asks about them. */
  readonly asked: Map<string, string>;
  readonly console: Line[];
  readonly skipped: Line[];
  current: string | undefined;
  /** The thread that the last command names, when commands bear no token. */
  named: string | undefined;
}

/** Text that the console printed is read like gdb's text, with the threads that MI told put beside it. */
export function readMi(records: readonly MiRecord[], source: string, line: number): Parsed {
  const stop = startStop({ source, line });
  const session: MiSession = {
    source,
    stop,
    threads: new Map(),
    asked: new Map(),
    console: [],
    skipped: [],
    current: undefined,
    named: undefined,
  };
  for (const record of records) readRecord(session, record);
  assignThreads(stop.listings, session.threads, session.current);
  lendArguments(stop.listings);
  const printed = readSession(session.console, source);
  const current = session.current === undefined ? undefined : session.threads.get(session.current);
  for (const { listings } of printed.stops) assignPrinted(listings, stop.listings, current);
  return {
    processes: toProcesses(joinStops(stop, printed.stops)),
    skipped: [...session.skipped, ...printed.skipped].sort((one, other) => one.number - other.number),
  };
}

/** The console speaks of the same process, unless it tells of several. */
function joinStops(stop: Stop, printed: readonly Stop[]): Stop[] {
  const [first, ...others] = printed;
  if (first === undefined || others.length > 0) return [stop, ...printed];
  for (const [inferior, pid] of first.pids) stop.pids.set(inferior, pid);
  stop.command ??= first.command;
  stop.executable ??= first.executable;
  for (const listing of first.listings) stop.listings.push(listing);
  return [stop];
}

function readRecord(session: MiSession, record: MiRecord): void {
  if (record.kind === 'console') addConsole(session, String(record.payload), record.line);
  else if (record.kind === 'command') noteCommand(session, String(record.payload), record.token);
  if (record.kind !== 'result' && record.kind !== 'notify') return;
  if (record.name === 'error') session.skipped.push(record.line);
  const payload = readPayload(record.payload);
  if (payload === undefined) return;
  if (record.name === 'thread-group-started' && payload.pid !== undefined) learnPid(session.stop, '1.', payload.pid);
  if (record.kind === 'result') readResult(session, payload, record);
  else if (record.name === 'stopped') session.current = payload['thread-id'] ?? session.current;
}

/** Chunks of console text do not align with lines. */
function addConsole(session: MiSession, text: string, line: Line): void {
  const [first = '', ...rest] = text.split('\n');
  const last = session.console.pop() ?? { text: '', number: line.number };
  session.console.push({ text: last.text + first, number: last.text === '' ? line.number : last.number });
  for (const next of rest) session.console.push({ text: next, number: line.number });
}

// "-stack-list-frames --thread 3", "-thread-select 3"
const ABOUT_THREAD = /--thread (\d{1,9})\b/;
const SELECT = /^-thread-select (\d{1,9})\b/;

function noteCommand(session: MiSession, command: string, token: string | undefined): void {
  const thread = ABOUT_THREAD.exec(command)?.[1];
  session.named = thread;
  if (token !== undefined && thread !== undefined) session.asked.set(token, thread);
  session.current = SELECT.exec(command)?.[1] ?? session.current;
}

function readResult(session: MiSession, payload: MiPayload, { token, line }: MiRecord): void {
  const place = { source: session.source, line: line.number };
  session.current = payload['new-thread-id'] ?? payload['current-thread-id'] ?? session.current;
  for (const { id, name, frame, 'target-id': target = '' } of readMiThreads(payload.threads ?? [])) {
    const thread = { ...(describeTarget(id, target) ?? NO_THREAD), id };
    const named = { ...thread, name: name === undefined || name === '' ? thread.name : name };
    session.threads.set(id, named);
    if (frame !== undefined) session.stop.listings.push(listFrames([frame], named, 'row', place));
  }
  const asked = token === undefined ? session.named : session.asked.get(token);
  const thread = asked === undefined ? NO_THREAD : (session.threads.get(asked) ?? { ...NO_THREAD, id: asked });
  const frames = readMiFrames(payload.stack ?? []);
  if (frames.length > 0) session.stop.listings.push(listFrames(frames, thread, 'backtrace', place));
  addArguments(session.stop.listings, payload['stack-args'] ?? [], asked);
}

function listFrames(frames: readonly MiFrame[], thread: GdbThread, shape: 'row' | 'backtrace', place: Place): Listing {
  const listing = startListing({ thread, shape, isHeaded: false, place });
  frames.forEach(({ level, addr, func = '', file, fullname, line, from, args }, index) => {
    const code = { function: bareName(func), address: addr?.toLowerCase(), file: file ?? fullname, line, module: from };
    addNative(listing, { ...code, level: level ?? index, arguments: mergeEntryValues(args) }, place);
  });
  markSharedAddresses(listing);
  return listing;
}

/** Unlike the text, MI gives inlined calls an address: that of the function they stand in. */
export function markSharedAddresses({ entries }: Listing): void {
  entries.forEach((entry, index) => {
    const { frame } = entry;
    const outer = entries[index + 1]?.frame;
    const isShared = frame.address !== undefined && frame.address === outer?.address;
    if (isShared && frame.function !== outer?.function)
      entries[index] = { ...entry, frame: { ...frame, inlined: true } };
  });
}

function addArguments(listings: readonly Listing[], printed: readonly unknown[], asked: string | undefined): void {
  const levels = new Map(readMiStackArgs(printed).map(({ level, args }) => [level, mergeEntryValues(args)]));
  if (levels.size === 0) return;
  const isMeant = ({ shape, thread }: Listing): boolean =>
    shape === 'backtrace' && (asked === undefined || thread.id === asked);
  const listing = listings.findLast(isMeant);
  listing?.entries.forEach((entry, index) => {
    const args = levels.get(entry.level);
    if (args !== undefined && !entry.isPython)
      listing.entries[index] = { ...entry, frame: { ...entry.frame, arguments: args } };
  });
}

/** Leaves out `x@entry` beside `x`. */
function mergeEntryValues(args: readonly Variable[]): Variable[] {
  const names = new Set(args.map(({ name }) => name));
  return args.flatMap(({ name, value }) => {
    const plain = name.endsWith('@entry') ? name.slice(0, -'@entry'.length) : name;
    return plain !== name && names.has(plain) ? [] : [{ name: plain, value }];
  });
}
