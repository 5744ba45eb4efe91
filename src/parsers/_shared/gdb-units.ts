import type { Line } from '../parser.ts';
import { type Balance, createBalance } from './gdb-balance.ts';
import { isThreadHeader, isThreadRow, readThreadHeader } from './gdb-identity.ts';
import { clearTerminal, type Piece } from './gdb-lines.ts';
import { isNoise } from './gdb-noise.ts';
import { isItemStart, readItem, TRACEBACK } from './gdb-python.ts';
import { isPrinted } from './gdb-values.ts';

type UnitKind = 'header' | 'frame' | 'row' | 'traceback' | 'item' | 'local' | 'command' | 'text';

/** One thing that gdb said, put together again from the lines it was wrapped into. */
export interface Unit {
  readonly kind: UnitKind;
  readonly text: string;
  readonly lines: readonly Line[];
}

interface Draft extends Unit {
  text: string;
  readonly lines: Line[];
  /** The last line taken: most questions about how to go on are about it. */
  last: string;
  /** Made when a second line may go on with the first. */
  growth: Growth | undefined;
}

interface Growth {
  readonly parts: string[];
  readonly balance: Balance;
  /** How many parts the balance has seen. */
  fed: number;
  readonly isStop: boolean;
}

const MOST_LINES_OF_UNIT = 400;
const MOST_LINES_OF_NAME = 8;
const NARROWEST = 40;

// "#10 0x00007f.. in poll ()", "#7 Frame 0x7f10cc, for file ..", "#3"
const FRAME = /^\s*#\d{1,7}(?:\s|$)/;
// "        sc_ret = -514", "        <anonymous> = {..}" of `bt full`; at least six blanks tell it from a wrapped argument
const INDENTED_LOCAL = /^\s{6,}[\w.$<>~:]+ = /;
const LOCAL = /^\s*[\w.$<>~:]+ = /;
// "(More stack frames follow...)", "Backtrace stopped: frame did not save the PC"
const END = /^\s*(?:\(More stack frames follow|Backtrace stopped:)/;
// ") at ./nptl/futex-internal.c:57": nothing can follow, whatever quotes a cut value left open.
const CLOSED = /\) at \S[^()]*:\d+$/;
// "<signal handler called>", "Waiting for the GIL", "…(truncated)": frames without an argument list
const COMPLETE =
  /^\s*#\d+\s+(?:0x\w+ in )?(?:<(?:signal|function|cross-arch|built-in|method-wrapper).*>|Waiting for the GIL|Garbage-collecting)$|\(truncated\)$/;
const LOCATION_START = /^\s*(?:at|from) \S/;
// "#0  0x00007f.. in pause () at": mail clients break at any blank
const LOCATION_ANNOUNCED = /\) (?:at|from)$/;
// " at ./Modules/timemod" or " from /lib/x86_6": cut inside the location
const CUT_FILE = /\) at [^()]*$/;
const CUT_LIBRARY = /\) from [^()]*$/;

/** Joins what gdb, a mail client or the width of a terminal broke, and names each line's kind. */
export function* joinUnits(lines: readonly Line[]): Generator<Unit> {
  const pieces = clearTerminal(lines);
  const width = terminalWidth(pieces);
  const isSpaced = isDoubleSpaced(pieces);
  let open: Draft | undefined;
  /** The last begun: a blank line may have ended it already. */
  let last: Draft | undefined;
  for (const piece of pieces) {
    if (piece.text === '') {
      if (!isSpaced) open = undefined;
      continue;
    }
    const kind = piece.isCommand ? 'command' : kindOf(piece.text, open);
    if (kind === undefined && open !== undefined && continues(open, piece.text)) {
      append(open, piece, width);
      continue;
    }
    if (last !== undefined) yield finish(last);
    open = startDraft(kind ?? 'text', piece);
    last = open;
  }
  if (last !== undefined) yield finish(last);
}

function finish(draft: Draft): Unit {
  if (draft.growth !== undefined) draft.text = draft.growth.parts.join('');
  return draft;
}

function startDraft(kind: UnitKind, { text, line }: Piece): Draft {
  return { kind, text, last: text, lines: [line], growth: undefined };
}

function growthOf(draft: Draft): Growth {
  draft.growth ??= { parts: [draft.text], balance: createBalance(), fed: 0, isStop: STOP.test(draft.text) };
  return draft.growth;
}

/** The kind of a line that begins something; `undefined` for what may go on with the line before. */
function kindOf(text: string, open: Draft | undefined): UnitKind | undefined {
  if (FRAME.test(text)) return 'frame';
  if (isThreadHeader(text)) return 'header';
  if (text.trimEnd() === TRACEBACK) return 'traceback';
  if (isItemStart(text)) return 'item';
  if (isThreadRow(text)) return 'row';
  if (END.test(text)) return 'text';
  if (isPrinted(text)) return 'local';
  if (INDENTED_LOCAL.test(text) && open?.kind !== 'item' && !isWithinLocal(text, open)) return 'local';
  const isBelowFrame = open?.kind === 'frame' || open?.kind === 'local';
  if (isBelowFrame && LOCAL.test(text) && !isOpen(open)) return 'local';
  return isNoise(text) ? 'text' : undefined;
}

/** With `set print pretty` the members of a value stand deeper than its name. */
function isWithinLocal(text: string, open: Draft | undefined): boolean {
  return open?.kind === 'local' && indentOf(text) > indentOf(open.text) && isOpen(open);
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

function continues(open: Draft, text: string): boolean {
  if (open.lines.length >= MOST_LINES_OF_UNIT) return false;
  switch (open.kind) {
    case 'header':
      return open.lines.length < MOST_LINES_OF_NAME && readThreadHeader(growthOf(open).parts.join('')) === undefined;
    case 'item':
      return open.lines.length < MOST_LINES_OF_NAME && readItem(growthOf(open).parts.join('')) === undefined;
    case 'local':
      return isOpen(open) || (/^\s{4}/.test(text) && !LOCAL.test(text));
    case 'frame':
    case 'row':
      return isOpen(open) || goesOn(open.last, text);
    case 'text':
      // The place where gdb stopped the process is printed like a frame, and wrapped like one.
      return growthOf(open).isStop && (isOpen(open) || goesOn(open.last, text));
    default:
      return false;
  }
}

// "__futex_abstimed_wait_common64 (private=128, cancel=true, ", "0x00007fa0f06ed545 in poll ("
const STOP = /^(?:0x[0-9a-fA-F]+ in |[^\s"'].* \([A-Za-z_]\w*(?:@entry)?=)/;

function isOpen(draft: Draft | undefined): boolean {
  if (draft === undefined) return false;
  if (draft.kind !== 'local' && (CLOSED.test(draft.last) || COMPLETE.test(draft.last))) return false;
  const growth = growthOf(draft);
  for (; growth.fed < growth.parts.length; growth.fed++) growth.balance.feed(growth.parts[growth.fed] ?? '');
  return growth.balance.isOpen() || (draft.kind !== 'local' && !growth.balance.hasList());
}

/** Whether a line goes on with a frame whose argument list is complete. */
function goesOn(last: string, text: string): boolean {
  if (last.endsWith(')') && LOCATION_START.test(text)) return true;
  return LOCATION_ANNOUNCED.test(last) || isCutLocation(last, text);
}

/** Whether the break fell into the location: "Modules/main.c:69" and "6", "../sysdeps/nptl/l" and "ibc_start_call_main.h:58". */
function isCutLocation(last: string, text: string): boolean {
  const rest = text.trimEnd();
  if (/\s/.test(rest)) return false;
  if (/:\d*$/.test(last)) return /^\d+$/.test(rest);
  if (CUT_FILE.test(last)) return /^[^\s()]*:\d+$/.test(rest);
  return CUT_LIBRARY.test(last) && !/\.so[\d.]*$/.test(last) && /^[^\s()]+$/.test(rest);
}

/**
 * gdb breaks after a comma, after " (" and before "at", and indents; a terminal breaks anywhere at its full width.
 * Mail clients break at blanks.
 */
function append(open: Draft, piece: Piece, width: number): void {
  const { last } = open;
  const isFull = last.length === width && !/^(?:\s|at |from |in )/.test(piece.text) && !last.endsWith(',');
  const isTight = piece.isTight || isFull || last.endsWith('(') || isCutLocation(last, piece.text);
  const glue = isTight ? '' : ' ';
  growthOf(open).parts.push(`${glue}${piece.text.trimStart()}`);
  open.last = piece.text;
  if (open.lines.at(-1) !== piece.line) open.lines.push(piece.line);
}

/** The commonest length of lines that are filled to the end and go on below; -1 where none is common. */
function terminalWidth(pieces: readonly Piece[]): number {
  const counts = new Map<number, number>();
  let width = -1;
  pieces.forEach(({ text }, index) => {
    const below = pieces[index + 1]?.text ?? '';
    if (text.length < NARROWEST || below === '' || /^(?:\s|#)/.test(below)) return;
    const count = (counts.get(text.length) ?? 0) + 1;
    counts.set(text.length, count);
    const most = counts.get(width) ?? 1;
    if (count > most) width = text.length;
  });
  return width;
}

/** Converters from HTML to Markdown put a blank line between every two lines. */
function isDoubleSpaced(pieces: readonly Piece[]): boolean {
  let filled = 0;
  let adjacent = 0;
  let wasFilled = false;
  for (const { text } of pieces) {
    if (text !== '') {
      filled++;
      if (wasFilled) adjacent++;
    }
    wasFilled = text !== '';
  }
  return filled >= 3 && adjacent * 10 < filled;
}
