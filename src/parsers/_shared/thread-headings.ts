import { type Identity, identify } from './thread-identity.ts';

/** What a home-made heading says of the thread below it. */
export interface Heading extends Identity {
  /** The id or name as printed; empty where the heading holds neither. */
  readonly id: string;
  readonly name: string | undefined;
}

// "# ThreadID: 140080061712064", "--- Thread MainThread (140080061712064) ---", "Stack of greenlet 0x7f10c0a1d740"
const HEADING = /\b(?:thread|threadid|greenlet|stack of|stacktrace)\b/i;

// "140080061712064", "0x7f10b8ffe6c0": no other number in a heading is that long.
const LONG_ID = /\b(?:0x[0-9a-f]{6,16}|\d{9,20})\b/i;

// Thread "worker (a)", thread 'worker'
const QUOTED = /(?:"(?<double>[^"]+)"|'(?<single>[^']+)')/;

// "<Thread(Thread-1, started daemon 140080061712064)>": the repr of a thread.
const REPR = /<_?\w*Thread\((?<name>.*), (?:started|stopped|initial)\b/;

// "Thread cache refresher (140080061712064)": what stands between the word and the id in brackets
const BEFORE_ID =
  /\b(?:thread|greenlet)\b[:#\s-]*(?<name>[^\s(){}[\]].{0,80}?) ?[([{](?:(?:native_)?id|ident|tid)?[ =:]*(?:0x[0-9a-f]{6,}|\d{6,})/i;

// "Thread MainThread", "# Thread: MainThread(140…)", "name=MainThread"
const NAMED = /(?:\bname ?[=:] ?|\b(?:thread|greenlet)\b(?: ?name)?[:#\s-]*)(?<name>[^\s:,(){}[\]=#"'*]+)/i;

// "thread 140080061712064 (Thread-1)": the name behind the id.
const IN_BRACKETS = /\((?<name>[A-Za-z_][^()]*(?:\([^()]*\))?)\)/;

/** Long lines are prose. */
const LONGEST = 160;

/** Reads a line above a stack as a heading that tells the thread. */
export function parseHeading(text: string): Heading | undefined {
  if (text.length > LONGEST || !HEADING.test(text)) return undefined;
  const printed = LONG_ID.exec(text)?.[0];
  const name = findName(text);
  return { ...identify(printed ?? ''), id: printed ?? name ?? '', name };
}

function findName(text: string): string | undefined {
  const repr = REPR.exec(text)?.groups?.name;
  if (repr !== undefined) return repr;
  const quoted = QUOTED.exec(text)?.groups;
  const named =
    quoted?.double ?? quoted?.single ?? BEFORE_ID.exec(text)?.groups?.name ?? NAMED.exec(text)?.groups?.name;
  const known = named !== undefined && isName(named) ? named : IN_BRACKETS.exec(text)?.groups?.name;
  return known !== undefined && isName(known) ? known : undefined;
}

function isName(text: string): boolean {
  return !/^(?:0x[0-9a-f]+|\d+|id|ident|name|dump|stack|trace|traceback|-+|\*+)$/i.test(text);
}
