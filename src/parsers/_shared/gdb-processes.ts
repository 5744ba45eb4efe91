import type { Frame } from '../../model/frame.ts';
import { makeProcess, type Process } from '../../model/process.ts';
import { joinViews, makeThread, type Thread, type View } from '../../model/thread.ts';
import { type Entry, isPythonOnly, type Listing } from './gdb-listing.ts';
import { inferiorOf, type Stop } from './gdb-stop.ts';
import { withPrinted } from './gdb-values.ts';
import { NATIVE_VIEW, PYTHON_VIEW } from './views.ts';

const NOTHING_SEEN: View = { ...PYTHON_VIEW, python: false };

/** One process for each moment in which gdb held it, with each thread once. */
export function toProcesses(stops: readonly Stop[]): Process[] {
  return foldRepeats(stops).flatMap(readStop);
}

/**
 * A repeated set of threads is another moment only if it shows the same kind of frames: `thread apply all bt` and
 * then `thread apply all bt full` look twice at one moment.
 */
function foldRepeats(stops: readonly Stop[]): Stop[] {
  const folded: Stop[] = [];
  for (const stop of stops) {
    const before = folded.at(-1);
    if (stop.isRepeat && before !== undefined && detailOf(before) !== detailOf(stop)) {
      folded[folded.length - 1] = { ...before, listings: [...before.listings, ...stop.listings] };
    } else folded.push(stop);
  }
  return folded;
}

function detailOf({ listings }: Stop): string {
  return `${listings.some(hasLocals)} ${listings.some(isPythonOnly)} ${listings.some(({ isTruncated }) => isTruncated)}`;
}

function readStop(stop: Stop): Process[] {
  const byInferior = new Map<string, Listing[]>();
  for (const listing of stop.listings) {
    const inferior = inferiorOf(listing.thread.id);
    const group = byInferior.get(inferior);
    if (group === undefined) byInferior.set(inferior, [listing]);
    else group.push(listing);
  }
  return [...byInferior].flatMap(([inferior, listings]) => {
    const threads = joinListings(listings);
    if (threads.length === 0) return [];
    const { command, executable, place } = stop;
    return [makeProcess({ pid: stop.pids.get(inferior), command, executable, threads, place })];
  });
}

/** What can be seen in a list of frames, and what in none. */
interface Views {
  readonly native: View;
  readonly empty: View;
}

/** Everything printed of one thread. */
interface Group {
  readonly listings: Listing[];
}

function joinListings(listings: readonly Listing[]): Thread[] {
  const showsPython = listings.some(({ entries }) => entries.some(({ frame }) => frame.language === 'python'));
  const views = {
    native: { ...NATIVE_VIEW, python: showsPython },
    // A header with nothing below it, among lists of Python frames, is a thread without Python; else the list failed.
    empty: listings.some(isPythonOnly) ? PYTHON_VIEW : NOTHING_SEEN,
  };
  return groupByThread(listings).flatMap((group) => readThread(group, views) ?? []);
}

/** In the order of the backtraces; threads that only `info threads` shows come last. */
function groupByThread(listings: readonly Listing[]): Group[] {
  const isList = ({ shape }: Listing): boolean => shape === 'backtrace' || shape === 'python';
  const groups: Group[] = [];
  const byThread = new Map<string, Group>();
  let unnamed: Group | undefined;
  for (const listing of [...listings.filter(isList), ...listings.filter((other) => !isList(other))]) {
    const { id, nativeId } = listing.thread;
    const key = id === '' && nativeId === undefined ? undefined : `${id} ${id === '' ? nativeId : ''}`;
    let group = key === undefined ? unnamed : byThread.get(key);
    if (group === undefined || (key === undefined && !belongs(group, listing))) {
      group = { listings: [] };
      groups.push(group);
    }
    group.listings.push(listing);
    if (key === undefined) unnamed = group;
    else byThread.set(key, group);
  }
  return groups;
}

/**
 * Whether a backtrace without header is a second look at the thread of the one before: the other kind of frames, or
 * the same place in more detail. Two like lists are two threads: `thread apply all -q bt` prints no headers.
 */
function belongs({ listings }: Group, listing: Listing): boolean {
  const before = listings.findLast((one) => isPythonOnly(one) === isPythonOnly(listing));
  if (before === undefined) return true;
  const one = before.entries[0]?.frame;
  const other = listing.entries[0]?.frame;
  if (one === undefined || one.function !== other?.function || one.address !== other.address) return false;
  return before.entries.length === 1 || before.isTruncated || hasLocals(before) !== hasLocals(listing);
}

function readThread({ listings }: Group, views: Views): Thread | undefined {
  const native = richest(listings.filter((one) => !isPythonOnly(one) && one.shape === 'backtrace'));
  const python = richest(listings.filter((one) => isPythonOnly(one)));
  const brief = listings.find(({ shape, entries }) => (shape === 'row' || shape === 'preview') && entries.length > 0);
  const hasNative = native !== undefined && native.entries.length > 0;
  const main = hasNative ? native : (python ?? brief ?? native);
  if (main === undefined) return undefined;
  const isPlaced = hasNative && python !== undefined && canInterleave(native, python);
  const entries = isPlaced
    ? interleave(native, python)
    : withPrinted(
        main,
        listings.filter((one) => one !== main),
      );
  const isApart = hasNative && python !== undefined && !isPlaced && !entries.some(({ isPython }) => isPython);
  const frames = markInlined(entries);
  const own = main === python ? PYTHON_VIEW : main.entries.length === 0 ? views.empty : views.native;
  const view = isApart ? joinViews(own, PYTHON_VIEW) : own;
  return makeThread({
    ...identify(listings),
    gil: python?.gil ?? native?.gil,
    collecting: listings.some(({ isCollecting }) => isCollecting),
    frames: isApart ? python.entries.map(({ frame }) => frame) : frames,
    // One backtrace is asked for one thread; headers and tables come with all of them.
    view: { ...view, everyThread: listings.some(({ isHeaded, shape }) => isHeaded || shape === 'row') },
    truncated: main === brief || main.isTruncated,
    innerCut: isCutInside(main) ? true : undefined,
    unplaced: isApart ? frames : [],
    notes: [...new Set(listings.flatMap(({ notes }) => notes))],
    place: main.place,
  });
}

/** C frames are numbered from 0, Python's of `py-bt-full` like the C frames around them. */
function isCutInside({ entries }: Listing): boolean {
  const first = entries.find(({ frame: { file, module, address } }) => file ?? module ?? address);
  return first !== undefined && !first.isPython && first.level > 0 && entries[0] === first;
}

/** Some lists name the thread, others not. */
function identify(listings: readonly Listing[]): Pick<Thread, 'id' | 'nativeId' | 'pthreadId' | 'name'> {
  const threads = listings.map(({ thread }) => thread);
  return {
    id: threads.find(({ id }) => id !== '')?.id ?? '',
    nativeId: threads.find(({ nativeId }) => nativeId !== undefined)?.nativeId,
    pthreadId: threads.find(({ pthreadId }) => pthreadId !== undefined)?.pthreadId,
    name: threads.find(({ name }) => name !== undefined)?.name,
  };
}

/** The list with the most frames; among equals the one with locals. */
function richest(listings: readonly Listing[]): Listing | undefined {
  let best: Listing | undefined;
  for (const listing of listings) {
    if (best === undefined || worth(listing) > worth(best)) best = listing;
  }
  return best;
}

function worth(listing: Listing): number {
  return listing.entries.length * 2 + (hasLocals(listing) ? 1 : 0);
}

function hasLocals({ entries }: Listing): boolean {
  return entries.some(({ locals }) => locals !== undefined);
}

/** py-bt-full numbers its elements by C frame: they go right behind the frame with that number. */
function canInterleave(native: Listing, python: Listing): boolean {
  if (python.shape === 'python' || native.entries.some(({ isPython }) => isPython)) return false;
  const levels = new Set(native.entries.map(({ level }) => level));
  return python.entries.every(({ level }) => levels.has(level));
}

function interleave(native: Listing, python: Listing): Entry[] {
  const waiting = python.entries.filter(({ frame }) => frame.language === 'python');
  const joined: Entry[] = [];
  let next = 0;
  for (const entry of native.entries) {
    joined.push(entry);
    for (; waiting[next]?.level === entry.level; next++) joined.push(...waiting.slice(next, next + 1));
  }
  return joined;
}

/**
 * gdb has no mark for inlined calls: a frame without address has that of the frame above it, which was inlined into it.
 * Without any address (`set print address off`) nothing can be said.
 */
function markInlined(entries: readonly Entry[]): Frame[] {
  const frames = entries.map(({ frame }) => frame);
  if (!frames.some(({ address, language }) => language === 'native' && address !== undefined)) return frames;
  let above = -1;
  frames.forEach((frame, index) => {
    if (frame.language !== 'native') return;
    const inner = frames[above];
    if (inner !== undefined && frame.address === undefined && isCall(frame) && isCall(inner)) {
      frames[above] = { ...inner, inlined: true };
    }
    above = index;
  });
  return frames;
}

/** `<signal handler called>` stands between frames and is none. */
function isCall({ function: name }: Frame): boolean {
  return !name.startsWith('<');
}
