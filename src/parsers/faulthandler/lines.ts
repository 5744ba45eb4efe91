import { type Frame, makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import type { Wrapping } from '../_shared/logical-lines.ts';
import { parseLineNumber } from '../_shared/traceback-frames.ts';

// "Current thread 0x00007f10c0a1d740 [loader_0] (most recent call first):". The name came with Python 3.14.
export const THREAD_HEADER =
  /^\s*(?<current>Current thread|Thread) 0x(?<id>[0-9a-fA-F]+)(?: \[(?<name>.*)\])? \(most recent call first\):?$/;

// "Stack (most recent call first):": one thread only, whose id is not told.
export const SINGLE_HEADER = /^\s*Stack \(most recent call first\):$/;

// "Current thread's C stack trace (most recent call first):", Python 3.14 and later.
export const C_STACK_HEADER = /^\s*Current thread's C stack trace \(most recent call first\):$/;

// "Timeout (0:05:00)!", "test_upload.py Timeout (0:00:00.500000)!" where pytest has begun the line
export const TIMEOUT = /(?:^|\s)Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$/;

// "Fatal Python error: Segmentation fault", "Windows fatal exception: access violation"
export const FATAL =
  /^\s*(?<kind>Fatal Python error|Windows fatal exception)(?: from unexpected signum)?: (?<reason>.+)$/;

// "  File "/srv/a b/load.py", line 31 in get": no comma before `in`. An unknown path has no quotes.
const FRAME = /^\s*File (?:"(?<file>.*)"|\?\?\?), line (?<line>\d+|\?\?\?) in(?: (?<function>.*))?$/;

const BEGINNING = /^\s*File (?:"|\?\?\?)/;

// "  Binary file "/lib/libq.so.6", at clock_nanosleep+0x97c6 [0x7f10aa]", "  Binary file '<unknown>' [0x7f10aa]"
const C_FRAME =
  /^\s*Binary file (?:"(?<module>.*)"|'<unknown>')(?:, at (?<symbol>.*)[+-]0x[0-9a-f]+)? \[(?<address>0x[0-9a-f]+)\]$/;

// "  ...": the stack or the list of threads goes on.
export const CUT = /^\s*(?:\.\.\.|<truncated rest of calls>)$/;

// "  Garbage-collecting"
export const COLLECTING = /^\s*Garbage-collecting$/;

// "  <no Python frame>": what stands where no frame could be read.
export const REMARK =
  /^\s*<(?<says>no Python frame|tstate is freed|freed thread state|freed frame|invalid frame|system returned no stack trace|cannot get C stack on this system|Cannot show all threads while the GIL is disabled)>$/;

// "Python runtime state: initialized", "Extension modules: zmq.backend.cython._zmq, (total: 12)"
export const TRAILER = /^\s*(?:Python runtime state: \w|Extension modules: |.*\(total: \d+\)$)/;

export function parseFrame(text: string, place: Place): Frame | undefined {
  const found = FRAME.exec(text)?.groups;
  if (found === undefined) return undefined;
  return makeFrame({
    language: 'python',
    function: unescapeText((found.function ?? '').trim()),
    file: found.file === undefined ? undefined : unescapePath(found.file),
    line: parseLineNumber(found.line),
    place,
  });
}

export function isFrame(text: string): boolean {
  return FRAME.test(text);
}

export function parseCFrame(text: string, place: Place): Frame | undefined {
  const found = C_FRAME.exec(text)?.groups;
  if (found === undefined) return undefined;
  return makeFrame({
    language: 'native',
    function: found.symbol ?? '',
    module: found.module,
    address: found.address,
    place,
  });
}

export const WRAPPING: Wrapping = {
  isBroken: (text) => BEGINNING.test(text) && (!FRAME.test(text) || / in$/.test(text)),
  isWhole: (text) => FRAME.test(text) && / in <?[\w.\\]+>?$/.test(text),
  begins: (text) => BEGINNING.test(text) || THREAD_HEADER.test(text),
};

// "\xe9_func", "\u4f60", "\U0001f600": all that is not ASCII is escaped.
const ESCAPE = /\\x(?<two>[0-9a-f]{2})|\\u(?<four>[0-9a-f]{4})|\\U(?<eight>[0-9a-f]{8})/g;

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (whole) => {
    const code = Number.parseInt(whole.slice(2), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A Windows path holds backslashes of its own, which are not escaped: left as it is. */
function unescapePath(path: string): string {
  return /^(?:[A-Za-z]:|\\)\\/.test(path) || !path.includes('/') ? path : unescapeText(path);
}
