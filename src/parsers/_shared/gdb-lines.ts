import type { Line } from '../parser.ts';

/** A printed line freed of the terminal: no pager, no prompt, one frame at most. */
export interface Piece {
  readonly text: string;
  readonly line: Line;
  /** What the user typed at a prompt. */
  readonly isCommand: boolean;
  /** The pager cut the line before in the middle of a word: join without a space. */
  readonly isTight: boolean;
}

// "--Type <RET> for more, q to quit, c to continue without paging--", before 2018
// "---Type <return> to continue, or q <return> to quit---"; Markdown eats the angle brackets
const PAGER = /-{2,3}Type (?:<\w{1,9}>)? ?(?:for more|to continue)[^-\n]{0,60}-{2,3}/g;
// "c" or "q" pressed at the pager
const KEY = /^(?:c|q|Quit)?$/;
const CUT_BEFORE_FRAME = /\0(?=#\d)/g;
// "(gdb) ", "(cuda-gdb) ", "(rr) ", "gef➤  ", "pwndbg> "
const PROMPT = /^\s*(?:\((?:gdb|cuda-gdb|rr)\)|gef➤|pwndbg>)(?:\s+|$)/;
// Screen copies pad with blanks and put several frames on a line: "…ceval.h:46      #6  0x000055aa in f ()"
const NEXT_FRAME = /#\d{1,6}\s+(?:0x|[A-Za-z_?<~(])/y;
const PADDING = '   #';
// tmux's position mark at the end of a line: "[390/7275]"
const TMUX = /^\[\d{1,7}\/\d{1,7}\]$/;
// Old gdb prints no line end: "[Switching to thread 2 (Thread 0x7f.. (LWP 9))]#0  0x00007f.. in poll ()"
const GLUED = /^\[Switching to .*?\](?=#0\s)/;
/** What gdb prints at the prompt, in contrast to what a user types there. */
const OUTPUT =
  /^(?:#\d|Thread \d+(?:\.\d+)? \(|Traceback \(most|\[|(?:0x|\* )\S|No stack|ptrace:|Could not|Undefined command|Continuing\.)/;

/** Undoes what terminals, pagers and prompts do to the lines of gdb. Blank lines stay, as empty pieces. */
export function clearTerminal(lines: readonly Line[]): Piece[] {
  const pieces: Piece[] = [];
  let isTight = false;
  for (const line of lines) {
    if (!line.text.includes('--Type ')) {
      addLine(pieces, line, line.text, isTight);
      isTight = false;
      continue;
    }
    const text = line.text.replace(PAGER, '\0');
    const mark = text.lastIndexOf('\0');
    const after = text.slice(mark + 1);
    const isLast = mark >= 0 && KEY.test(after.trim());
    const rest = (isLast ? text.slice(0, mark) : text).replace(CUT_BEFORE_FRAME, '   ').replaceAll('\0', '');
    if (rest.trim() !== '') addLine(pieces, line, rest, isTight);
    isTight = isLast && rest.trim() !== '';
  }
  return pieces;
}

/** The text behind any prompts, or `undefined` when there is none. */
export function afterPrompt(text: string): string | undefined {
  let rest = text;
  for (let found = PROMPT.exec(rest); found !== null; found = PROMPT.exec(rest)) rest = rest.slice(found[0].length);
  return rest === text ? undefined : rest;
}

function addLine(pieces: Piece[], line: Line, printed: string, isTight: boolean): void {
  const behind = mayBePrompt(printed) ? afterPrompt(printed) : undefined;
  let text = (behind ?? printed).trimEnd();
  if (behind !== undefined && !OUTPUT.test(behind)) {
    // A prompt that waits for input is no line of its own: a frame may go on behind it.
    if (text !== '') pieces.push({ text, line, isCommand: true, isTight: false });
    return;
  }
  const mark = text.endsWith(']') ? text.lastIndexOf('[') : -1;
  if (mark > 0 && TMUX.test(text.slice(mark))) text = text.slice(0, mark).trimEnd();
  if (!text.includes('#', 3)) {
    pieces.push({ text, line, isCommand: false, isTight });
    return;
  }
  let isFirst = true;
  for (const part of splitGlued(text)) {
    pieces.push({ text: part, line, isCommand: false, isTight: isTight && isFirst });
    isFirst = false;
  }
}

function splitGlued(text: string): string[] {
  const parts: string[] = [];
  let start = GLUED.exec(text)?.[0].length ?? 0;
  if (start > 0) parts.push(text.slice(0, start));
  for (let at = text.indexOf(PADDING, start); at >= 0; at = text.indexOf(PADDING, at + 1)) {
    NEXT_FRAME.lastIndex = at + PADDING.length - 1;
    const before = text.slice(start, at).trimEnd();
    if (before === '' || !NEXT_FRAME.test(text)) continue;
    parts.push(before);
    start = at + PADDING.length - 1;
  }
  parts.push(text.slice(start));
  return parts;
}

function mayBePrompt(text: string): boolean {
  const first = text.trimStart().charAt(0);
  return first === '(' || first === 'g' || first === 'p';
}
