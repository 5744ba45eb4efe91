import type { Line } from '../parser.ts';
import { readBrokenFrame, readFrame } from './gdb-frame.ts';
import { type GdbThread, NO_THREAD, readThreadHeader, readThreadRow } from './gdb-identity.ts';
import {
  addLocal,
  addMarker,
  addNative,
  addPython,
  addSourceLine,
  isPythonOnly,
  type Listing,
  startListing,
} from './gdb-listing.ts';
import { readFrameObject, readItem, readMarker } from './gdb-python.ts';
import { readCommand, readRemark } from './gdb-remarks.ts';
import { beginListing, currentStop, nextStop, type Session, startSession } from './gdb-session.ts';
import { learnPid, noteHeaded, type Stop } from './gdb-stop.ts';
import { joinUnits, type Unit } from './gdb-units.ts';
import { isPrinted, readPrinted } from './gdb-values.ts';

/** What gdb printed, by the moments in which it held a process. */
export function readSession(lines: readonly Line[], source: string): Pick<Session, 'stops' | 'skipped'> {
  const session = startSession(source);
  for (const unit of joinUnits(lines)) {
    if (!readUnit(session, unit)) session.skipped.push(...unit.lines);
  }
  return session;
}

/** Whether the unit was of use. */
function readUnit(session: Session, unit: Unit): boolean {
  const [line] = unit.lines;
  if (line === undefined) return true;
  const expectedSource = session.expectsSource;
  session.expectsSource = false;
  if (unit.kind !== 'local' && unit.kind !== 'text') session.expectsLocals = false;
  switch (unit.kind) {
    case 'header':
      return readHeader(session, unit.text, line);
    case 'frame':
      return readFrameUnit(session, unit.text, line);
    case 'row':
      return readRow(session, unit.text, line);
    case 'traceback':
      return beginPython(session, line);
    case 'item':
      return readItemUnit(session, unit.text, line);
    case 'local':
      return (
        readLocal(session, unit.text) ||
        (expectedSource && takeSource(session, unit.text)) ||
        readRemark(session, unit.text, line)
      );
    case 'command':
      session.isInteractive = true;
      session.command = unit.text;
      readCommand(session, unit.text, line);
      return true;
    case 'text':
      return readRemark(session, unit.text, line) || (expectedSource && takeSource(session, unit.text));
  }
}

function readHeader(session: Session, text: string, line: Line): boolean {
  const thread = readThreadHeader(text);
  if (thread === undefined) return false;
  const stop = stopOf(session, thread, line);
  const place = { source: session.source, line: line.number };
  session.listing = startListing({ thread, shape: 'backtrace', isHeaded: true, place });
  stop.listings.push(session.listing);
  noteHeaded(stop, session.listing);
  if (thread.pid !== undefined) learnPid(stop, thread.id, thread.pid);
  return true;
}

/**
 * The same number for another LWP is another process. The first thread printed again begins another moment,
 * as when gstack runs in a loop; at a prompt it is a second look at the same one.
 */
function stopOf(session: Session, thread: GdbThread, line: Line): Stop {
  const stop = currentStop(session, line);
  const known = stop.headed.get(thread.id);
  if (known === undefined) return stop;
  if (known.thread.nativeId !== thread.nativeId) return nextStop(session, line);
  if (session.isInteractive || stop.firstHeaded !== known || known.entries.length === 0) return stop;
  const repeated = nextStop(session, line);
  repeated.isRepeat = true;
  for (const [inferior, pid] of stop.pids) repeated.pids.set(inferior, pid);
  repeated.command = stop.command;
  repeated.executable = stop.executable;
  return repeated;
}

// "#7 Frame 0x7f10cc, for file ..", "#3 <built-in method sleep of ..>": an element of py-bt-full
const ELEMENT = /^\s*#(\d{1,7})\s+/;

function readFrameUnit(session: Session, text: string, line: Line): boolean {
  const place = { source: session.source, line: line.number };
  const native = readFrame(text);
  if (native !== undefined) {
    addNative(listingFor(session, native.level, false, line), native, place);
    return true;
  }
  const [head = '', digits] = ELEMENT.exec(text) ?? [];
  const level = Number(digits);
  const python = digits === undefined ? undefined : readFrameObject(text, head.length);
  if (python !== undefined) {
    const { listing } = session;
    const isAgain = python.object !== undefined && listing?.firstObject === python.object && isPythonOnly(listing);
    if (isAgain) session.listing = undefined;
    addPython(listingFor(session, level, true, line), level, python, place);
    session.expectsSource = true;
    return true;
  }
  const marker = digits === undefined ? undefined : readMarker(text.slice(head.length));
  if (marker !== undefined) {
    addMarker(listingFor(session, level, true, line), level, marker, place);
    return true;
  }
  return readDamaged(session, text, line);
}

/** A frame whose end is missing counts only where it goes on with a list. */
function readDamaged(session: Session, text: string, line: Line): boolean {
  const frame = readBrokenFrame(text);
  const { listing } = session;
  if (frame === undefined || listing === undefined || listing.shape === 'python') return false;
  const isNext = frame.level === listing.lastNative + 1;
  if (!isNext && !(listing.isHeaded && frame.level > listing.lastNative)) return false;
  addNative(listing, frame, { source: session.source, line: line.number });
  return true;
}

/** Numbers rise within a list; those of py-bt-full may repeat, for one C frame runs several Python frames from 3.11 on. */
function listingFor(session: Session, level: number, isPython: boolean, line: Line): Listing {
  const { listing } = session;
  const last = listing?.entries.at(-1)?.level ?? -1;
  const follows = level >= last && (isPython || level > (listing?.lastNative ?? -1));
  if (listing === undefined || listing.shape === 'python' || !follows) {
    return beginListing(session, line, { thread: session.selected ?? NO_THREAD, shape: 'backtrace' });
  }
  if (listing.shape === 'preview' && listing.entries.length > 0) listing.shape = 'backtrace';
  return listing;
}

function readRow(session: Session, text: string, line: Line): boolean {
  const row = readThreadRow(text);
  if (row === undefined) return false;
  const { thread, frame } = row;
  if (thread.pid !== undefined) learnPid(currentStop(session, line), thread.id, thread.pid);
  if (frame === undefined) return true;
  const listing = beginListing(session, line, { thread, shape: 'row' });
  addNative(listing, frame, listing.place);
  session.listing = undefined;
  if (row.isCurrent) session.selected = thread;
  return true;
}

function beginPython(session: Session, line: Line): boolean {
  const { listing } = session;
  if (listing?.isHeaded && listing.entries.length === 0) listing.shape = 'python';
  else beginListing(session, line, { thread: session.selected ?? NO_THREAD, shape: 'python' });
  return true;
}

function readItemUnit(session: Session, text: string, line: Line): boolean {
  const item = readItem(text);
  if (item === undefined || session.listing?.shape !== 'python') return false;
  addPython(session.listing, -1, item, { source: session.source, line: line.number });
  session.expectsSource = true;
  return true;
}

/** The helper prints the line of source below a Python frame, or in brackets why it cannot. */
function takeSource({ listing }: Session, text: string): true {
  if (listing !== undefined && !/^\s*\((?:unable|failed|frame information|not a)\b/.test(text))
    addSourceLine(listing, text.trim());
  return true;
}

/** Adds a line of `bt full` to the frame above it. */
function readLocal(session: Session, text: string): boolean {
  if (isPrinted(text)) return readPrinted(session.listing, text, session.command);
  const entry = session.listing?.entries.at(-1);
  const equals = text.indexOf(' = ');
  if (entry === undefined || entry.isPython || equals < 0) return session.expectsLocals;
  if (session.listing !== undefined) {
    addLocal(session.listing, { name: text.slice(0, equals).trim(), value: text.slice(equals + 3) });
  }
  return true;
}
