import type { Variable } from '../../model/frame.ts';
import { skipQuoted } from './gdb-quotes.ts';

/** Where the parentheses of an argument list stand. */
interface Span {
  readonly open: number;
  readonly close: number;
}

// "this=this@entry=0x7f00ce80": name and, where gdb knows the value at the function's entry, `name@entry=` as well.
const NAME = /([^\s=(){}[\],"'<>@]*)(@entry)?=/y;

// Where none of these stands, a list can be split at its commas.
const INTRICATE = /["'()[\]{}]/;
// CPython's helper cuts representations at 1024 characters.
const CUT = '...(truncated)';
const NONE: readonly Variable[] = [];

/**
 * Finds the argument list of a frame in the text that follows its address.
 *
 * The first parenthesis is often part of the name, as in `std::function<void (int)>::operator() (this=0x7f..)`, and
 * values can hold `) at x.c:3` in quotes. So: the leftmost pair after a space that ends the text or stands before the
 * location, and holds nothing, `...` or `name=`. Where a cut representation leaves quotes open, they are ignored.
 */
export function findArguments(text: string, from: number): Span | undefined {
  if (text.includes(CUT)) return findCut(text, from);
  return findPlain(text, from) ?? findPair(text, from, true) ?? findPair(text, from, false);
}

/** Splits what stands between the parentheses. */
export function splitArguments(text: string): readonly Variable[] {
  if (text === '' || text === '...') return NONE;
  if (text.includes(CUT)) return splitCut(text);
  if (!INTRICATE.test(text)) {
    const pieces = text.split(', ');
    const plain = pieces.map(readPlain);
    if (plain.every((argument) => argument !== undefined)) return plain;
    const found: Variable[] = [];
    for (const piece of pieces) addArgument(found, piece);
    return found;
  }
  const found: Variable[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 44 && depth <= 0 && text.charCodeAt(at + 1) === 32) {
      addArgument(found, text.slice(start, at));
      start = at + 2;
    } else if (code === 40 || code === 91 || code === 123) depth++;
    else if (code === 41 || code === 93 || code === 125) depth--;
    else if (code === 34 || code === 39) at = skipQuoted(text, at);
  }
  addArgument(found, text.slice(start));
  // An array that grew has room for 17, and there are millions of these.
  return found.slice();
}

/** "timeout=-1": a piece that begins with a name and says nothing of the value at entry. */
function readPlain(piece: string): Variable | undefined {
  const equals = piece.indexOf('=');
  NAME.lastIndex = 0;
  if (equals < 0 || piece.includes('@') || !NAME.test(piece)) return undefined;
  return { name: piece.slice(0, equals), value: piece.slice(equals + 1) };
}

/** Takes a piece without a name as the rest of the value before: `<vtable for Box<int, A>+16>`. */
function addArgument(found: Variable[], piece: string): void {
  NAME.lastIndex = 0;
  const [whole, name] = NAME.exec(piece) ?? [];
  const last = found.at(-1);
  if (whole === undefined || name === undefined) {
    if (last !== undefined) found[found.length - 1] = { name: last.name, value: `${last.value}, ${piece}` };
    return;
  }
  const value = piece.slice(whole.length);
  // `x=1, x@entry=2`: the value at entry is of no use here.
  if (whole.endsWith('@entry=') && last?.name === name) return;
  const entry = `${name}@entry=`;
  found.push({ name, value: value.startsWith(entry) ? value.slice(entry.length) : value });
}

/** A cut value leaves quotes and brackets open; behind the mark counting begins anew. */
function splitCut(text: string): readonly Variable[] {
  const found: Variable[] = [];
  const pieces = text.split(CUT);
  pieces.forEach((piece, index) => {
    const isCut = index < pieces.length - 1;
    const rest = piece.startsWith(', ') ? piece.slice(2) : piece;
    for (const argument of splitArguments(rest)) found.push(argument);
    const last = found.at(-1);
    if (isCut && last !== undefined) found[found.length - 1] = { name: last.name, value: `${last.value}${CUT}` };
  });
  return found;
}

/** With a value cut, brackets cannot be counted: from the first parenthesis outside template arguments to the last. */
function findCut(text: string, from: number): Span | undefined {
  const open = openingOutsideTemplates(text, from);
  if (open === undefined) return undefined;
  const location = Math.max(text.lastIndexOf(') at '), text.lastIndexOf(') from '));
  const close = location > open ? location : text.length - 1;
  return isArgumentList(text, from, open, close) ? { open, close } : undefined;
}

/** Index of the first parenthesis after a space that is not among template arguments. */
export function openingOutsideTemplates(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 60 && !text.startsWith('operator', at - 8)) depth++;
    else if (code === 62 && depth > 0) depth--;
    else if (code === 40 && depth === 0 && text.charCodeAt(at - 1) === 32) return at;
  }
  return undefined;
}

/** Nearly every frame: the first parenthesis opens the list and the next closes it. */
function findPlain(text: string, from: number): Span | undefined {
  const open = text.startsWith('(', from) ? from : text.indexOf(' (', from) + 1;
  const close = text.indexOf(')', open);
  if (open === 0 || close < 0 || !isArgumentList(text, from, open, close)) return undefined;
  return INTRICATE.test(text.slice(open + 1, close)) ? undefined : { open, close };
}

function findPair(text: string, from: number, quotes: boolean): Span | undefined {
  const opened: number[] = [];
  let best: Span | undefined;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40 || code === 91 || code === 123) opened.push(at);
    else if (code === 41 || code === 93 || code === 125) {
      const open = matching(text, opened, code);
      if (open === undefined || (best !== undefined && best.open < open)) continue;
      if (code === 41 && isArgumentList(text, from, open, at)) best = { open, close: at };
    } else if (quotes && (code === 34 || code === 39)) at = skipQuoted(text, at);
  }
  return best;
}

/** Drops brackets that a cut value left open, so that `(a=[1, 2, ...(truncated))` closes. */
function matching(text: string, opened: number[], close: number): number | undefined {
  const wanted = close === 41 ? 40 : close - 2;
  if (close !== 41 && text.charCodeAt(opened.at(-1) ?? -1) !== wanted) return undefined;
  for (let open = opened.pop(); open !== undefined; open = opened.pop()) {
    if (text.charCodeAt(open) === wanted) return open;
  }
  return undefined;
}

function isArgumentList(text: string, from: number, open: number, close: number): boolean {
  if (open !== from && text.charCodeAt(open - 1) !== 32) return false;
  const isLast =
    close + 1 === text.length || text.startsWith(' at ', close + 1) || text.startsWith(' from ', close + 1);
  if (!isLast) return false;
  if (close === open + 1 || text.startsWith('...', open + 1)) return true;
  NAME.lastIndex = open + 1;
  return NAME.test(text);
}
