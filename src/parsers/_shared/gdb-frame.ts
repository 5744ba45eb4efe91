import type { Variable } from '../../model/frame.ts';
import { findArguments, openingOutsideTemplates, splitArguments } from './gdb-arguments.ts';
import { bareName } from './gdb-function-name.ts';

/** What one frame of a gdb backtrace says. */
export interface GdbFrame {
  /** 0 where the frame is printed without a number. */
  readonly level: number;
  readonly function: string;
  readonly address: string | undefined;
  readonly arguments: readonly Variable[];
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly module: string | undefined;
}

// "#10 ": left-justified in two columns; pastes collapse the spaces, frame filters indent elided frames.
const LEVEL = /^\s*#(\d{1,7})(?:\s+|$)/;
// "0x00007f8c9b2d44a3 in "; "<unavailable> in " for a trace without registers.
const ADDRESS = /(?:0x[0-9a-fA-F]+|<unavailable>) in /y;
const SPECIAL = /^<(?:signal handler called|function called from gdb|cross-architecture call)>$/;
// " at ../sysdeps/unix/sysv/linux/poll.c:29"
const LINE = /:(\d{1,9})$/;

/**
 * Reads `#N  [0xADDR in ]FUNCTION (ARGUMENTS)[ at FILE:LINE| from LIBRARY]`, the print_frame of gdb/stack.c (7 to 13 seen).
 * `undefined` for every other producer of `#N` lines: sanitizers, eu-stack, Rust, PHP, py-bt-full.
 */
export function readFrame(text: string): GdbFrame | undefined {
  const level = LEVEL.exec(text);
  // An element of py-bt-full: "#7 Frame 0x7f10cc, for file /srv/net.py, line 40, in read (n=4096)".
  if (level === null || text.startsWith('Frame 0x', level[0].length)) return undefined;
  return readBody(text, level[0].length, Number(level[1]));
}

/** The same for a frame whose end is lost: gstack drops wrapped lines, cut representations leave quotes open. */
export function readBrokenFrame(text: string): GdbFrame | undefined {
  const found = LEVEL.exec(text);
  if (found === null) return undefined;
  const level = Number(found[1]);
  const start = found[0].length;
  // Markdown eats "<signal handler called>" and leaves the bare number.
  if (start === text.length) return locate(level, undefined, '', [], '');
  const body = bodyAfterAddress(text, start);
  const address = addressBefore(text, start, body);
  const open = openingOutsideTemplates(text, body);
  const name = text.slice(body, open === undefined ? text.length : open - 1);
  const isPlain = open === undefined ? address !== undefined : FIRST_NAME.test(text.slice(open + 1, open + 200));
  if (!isPlain || FOREIGN.test(name)) return undefined;
  if (open === undefined) return locate(level, address, bareName(name), [], '');
  const close = Math.max(text.lastIndexOf(') at '), text.lastIndexOf(') from '));
  const isClosed = close > open;
  const args = splitArguments(text.slice(open + 1, isClosed ? close : text.length));
  return locate(level, address, bareName(name), args, isClosed ? text.slice(close + 1) : '');
}

/** Reads a frame without its number, as in `info threads` and in the location that gdb prints when it stops. */
export function readBody(text: string, from: number, level = 0): GdbFrame | undefined {
  const body = bodyAfterAddress(text, from);
  const address = addressBefore(text, from, body);
  if (text.charCodeAt(body) === 60 && SPECIAL.test(text.slice(body))) {
    return locate(level, address, text.slice(body), [], '');
  }
  const span = findArguments(text, body);
  if (span === undefined) return withTypesOnly(text, { body, address, level });
  const name = bareName(text.slice(body, span.open).trim());
  const args = splitArguments(text.slice(span.open + 1, span.close));
  return locate(level, address, name, args, text.slice(span.close + 1));
}

// "at::set_num_threads (int) from libtorch_cpu.so": parameter types where gdb prints arguments, as retold by hand
const TYPES_ONLY = /^([^()]+) \([\w:*&<>,. ]+\)(?= from \S| at \S)/;

/** Only behind an address: without one it could be prose. */
function withTypesOnly(
  text: string,
  { body, address, level }: { body: number; address: string | undefined; level: number },
): GdbFrame | undefined {
  const found = address === undefined ? null : TYPES_ONLY.exec(text.slice(body));
  if (found === null) return undefined;
  return locate(level, address, bareName(found[1] ?? ''), [], text.slice(body + found[0].length));
}

// What stands for the name in lines of sanitizers, eu-stack and py-bt-full: "f /srv/f.c:3", "0x7f8c poll", "Frame 0x7f10cc".
const FOREIGN = / \/|^0x|^Frame 0x|^$/;
// "this=0x7f00ce80, ..." or, where the line was cut behind the parenthesis, nothing.
const FIRST_NAME = /^[\w$.~]*(?:@entry)?=|^$/;

function bodyAfterAddress(text: string, from: number): number {
  ADDRESS.lastIndex = from;
  return ADDRESS.test(text) ? ADDRESS.lastIndex : from;
}

function addressBefore(text: string, from: number, body: number): string | undefined {
  // Behind the address stands " in "; "<unavailable>" is none.
  return body > from && text.charCodeAt(from) === 48 ? text.slice(from, body - 4).toLowerCase() : undefined;
}

function locate(
  level: number,
  address: string | undefined,
  name: string,
  args: readonly Variable[],
  rest: string,
): GdbFrame {
  let file: string | undefined;
  let line: number | undefined;
  let module: string | undefined;
  if (rest.startsWith(' from ')) module = rest.slice(6);
  else if (rest.startsWith(' at ')) {
    const digits = LINE.exec(rest)?.[1];
    file = rest.slice(4, digits === undefined ? rest.length : rest.length - digits.length - 1);
    line = digits === undefined ? undefined : Number(digits);
    // With frame filters an unknown function is printed as nothing and its library after " at ".
    if (name === '' && line === undefined) [file, module] = [undefined, file];
  }
  return { level, function: name, address, arguments: args, file, line, module };
}
