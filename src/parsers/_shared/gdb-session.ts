import type { Line } from '../parser.ts';
import type { GdbThread } from './gdb-identity.ts';
import { type Listing, startListing } from './gdb-listing.ts';
import { type Stop, startStop } from './gdb-stop.ts';

/** Everything known while gdb's output is read from top to bottom. */
export interface Session {
  readonly source: string;
  readonly stops: Stop[];
  readonly skipped: Line[];
  listing: Listing | undefined;
  /** The thread that gdb says it has selected: a backtrace without header is this thread's. */
  selected: GdbThread | undefined;
  /** A Python frame was printed, and its line of source may follow. */
  expectsSource: boolean;
  /** A prompt was seen: the same thread printed twice is then the same moment. */
  isInteractive: boolean;
  /** The last that was typed at the prompt. */
  command: string | undefined;
  /** `name = value` lines at the margin are the output of py-locals. */
  expectsLocals: boolean;
}

export function startSession(source: string): Session {
  return {
    source,
    stops: [],
    skipped: [],
    listing: undefined,
    selected: undefined,
    expectsSource: false,
    isInteractive: false,
    command: undefined,
    expectsLocals: false,
  };
}

/** The stop that goes on, or a new one when gdb had let the process go. */
export function currentStop(session: Session, line: Line): Stop {
  const last = session.stops.at(-1);
  if (last !== undefined && !(last.isLeft && last.listings.length > 0)) return last;
  return nextStop(session, line);
}

export function nextStop(session: Session, line: Line): Stop {
  const stop = startStop({ source: session.source, line: line.number });
  const last = session.stops.at(-1);
  if (last !== undefined) last.isLeft = true;
  session.stops.push(stop);
  session.listing = undefined;
  session.selected = undefined;
  return stop;
}

export function beginListing(session: Session, line: Line, known: Pick<Listing, 'thread' | 'shape'>): Listing {
  const stop = currentStop(session, line);
  const place = { source: session.source, line: line.number };
  session.listing = startListing({ ...known, isHeaded: false, place });
  stop.listings.push(session.listing);
  return session.listing;
}
