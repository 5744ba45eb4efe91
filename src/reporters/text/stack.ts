import { isUserCode } from '../../frames/user-code.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import { nameFunction, placeOf, plural } from '../_shared/names.ts';
import { clip, cutMiddle, cutPath, padEnd, wrap } from './layout.ts';
import type { Page } from './page.ts';
import type { Witness } from './threads.ts';
import { widthOf } from './width.ts';

export interface StackOptions {
  /** What to say of the innermost line of the user's own code, where it would mislead. */
  readonly yourCode?: string | undefined;
  /** How many frames of the user's own code to show besides the marked ones, from the innermost outwards. */
  readonly own: number;
  /** How many marked frames at most. */
  readonly rows: number;
}

interface FrameRow {
  readonly marked: boolean;
  readonly name: string;
  readonly place: string;
  readonly note: string;
}

type Row = FrameRow | { readonly folded: string };

/** A thread's stack, outermost frame at the top, with the frames that bear witness marked and the rest folded. */
export function drawStack(witness: Witness, page: Page, options: StackOptions): string[] {
  return drawRows(withoutRepeats(toRows(witness, page, options)), page);
}

function toRows({ evidence, thread }: Witness, page: Page, options: StackOptions): Row[] {
  const frames = thread?.frames ?? evidence.frames.map(({ frame }) => frame);
  // Without its thread the evidence's own frames are the stack.
  const marked = new Map(evidence.frames.map((mark, index) => [thread === undefined ? index : mark.index, mark]));
  const shown = page.verbose ? new Set(frames.keys()) : framesToShow(frames, marked, options);
  const rows: Row[] = [];
  const innermostOwn = frames.find(isUserCode);
  const noteOf = (frame: Frame): string => {
    if (!isUserCode(frame)) return '';
    return frame === innermostOwn && options.yourCode !== undefined ? `your code, ${options.yourCode}` : 'your code';
  };
  let folded: [number, Frame][] = [];
  const unfold = (): void => {
    const [only] = folded;
    // One line for one frame: then the frame itself.
    if (only !== undefined && folded.length === 1)
      rows.push(toRow(only[1], marked.get(only[0])?.note ?? noteOf(only[1]), marked.has(only[0]), page));
    else if (only !== undefined) rows.push({ folded: describeFolded(folded.map(([, frame]) => frame)) });
    folded = [];
  };
  for (const entry of [...frames.entries()].reverse()) {
    const [index, frame] = entry;
    if (!shown.has(index)) folded.push(entry);
    else {
      unfold();
      rows.push(toRow(frame, marked.get(index)?.note ?? noteOf(frame), marked.has(index), page));
    }
  }
  unfold();
  return rows;
}

/** The marked frames, the innermost one, and the user's own code, from the innermost outwards. */
function framesToShow(
  frames: readonly Frame[],
  marked: ReadonlyMap<number, EvidenceFrame>,
  { own, rows }: StackOptions,
): Set<number> {
  const marks = [...marked.keys()].sort((one, other) => one - other);
  // Of too many marks both ends stay: what was called, and where it stands now.
  const kept =
    marks.length <= rows ? marks : [...marks.slice(0, Math.ceil(rows / 2)), ...marks.slice(-Math.floor(rows / 2))];
  const shown = new Set([0, ...kept]);
  let left = Math.min(own, rows - kept.length + 1);
  for (const [index, frame] of frames.entries()) {
    if (left <= 0) break;
    if (marked.has(index) || !isUserCode(frame)) continue;
    shown.add(index);
    left -= 1;
  }
  return shown;
}

function toRow(frame: Frame, note: string, marked: boolean, { say }: Page): FrameRow {
  return { marked, name: say(nameFunction(frame)), place: say(placeOf(frame)), note: say(note) };
}

function describeFolded(frames: readonly Frame[]): string {
  const native = frames.filter(({ language }) => language !== 'python').length;
  const interpreter = frames.every(({ language, function: name }) => language === 'native' && INTERPRETER.test(name));
  if (interpreter) return `${plural(frames.length, 'frame')} of the interpreter`;
  if (native === frames.length) return plural(frames.length, 'C frame');
  return plural(frames.length, 'frame');
}

/** "_PyEval_EvalFrameDefault", "PyObject_Call", "gc_collect_main", "slot_tp_call", "cfunction_vectorcall_O" */
const INTERPRETER =
  /^_?Py[A-Z_]|^_?py_|^gc_|^slot_|^(?:function|cfunction|method|object|type|list|tuple|builtin|subtype)_|vectorcall|^run_|^pymain_|^call_|^do_call/;

/** The same words twice in a row say nothing new. */
function withoutRepeats(rows: readonly Row[]): Row[] {
  let last = '';
  return rows.map((row) => {
    if (!('name' in row)) return row;
    const repeated = row.note === last;
    last = row.note;
    return repeated ? { ...row, note: '' } : row;
  });
}

const MARGIN = 5;
/** Notes get a column of their own where they have this much room. */
const NOTE_WIDTH = 24;

function drawRows(rows: readonly Row[], page: Page): string[] {
  const framed = rows.filter((row) => 'name' in row);
  const room = page.width - MARGIN;
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => widthOf(text)));
  const name = Math.min(widest(framed.map((row) => row.name)), Math.floor(room * 0.34));
  const place = Math.min(widest(framed.map((row) => row.place)), Math.floor(room * 0.34));
  const note = room - name - place - 4;
  // On a narrow page the two columns share the whole width, and notes stand below.
  const columns =
    note >= NOTE_WIDTH
      ? { name, place, note }
      : { name: Math.min(name, Math.ceil(room * 0.45)), place: Math.floor(room * 0.5), note: 0 };
  return rows.flatMap((row) =>
    'name' in row ? drawFrame(row, columns, page) : [page.dim(`${' '.repeat(MARGIN)}  ${page.gap} ${row.folded}`)],
  );
}

function drawFrame(row: FrameRow, columns: { name: number; place: number; note: number }, page: Page): string[] {
  const name = padEnd(cutMiddle(row.name, columns.name, page), columns.name);
  const place = cutPath(row.place, columns.place, page);
  const head = `   ${row.marked ? page.red(page.mark) : ' '} ${row.marked ? page.bold(name) : name}`;
  if (columns.note === 0) {
    const below =
      row.note === ''
        ? []
        : noteLines(row.note, page.width - MARGIN - 2, page).map(
            (line) => `${' '.repeat(MARGIN + 2)}${page.dim(line)}`,
          );
    return [`${head}  ${place}`.trimEnd(), ...below];
  }
  const [first = '', ...rest] = row.note === '' ? [] : noteLines(row.note, columns.note, page);
  const indent = ' '.repeat(MARGIN + columns.name + columns.place + 4);
  return [`${head}  ${padEnd(place, columns.place)}  ${first}`.trimEnd(), ...rest.map((line) => `${indent}${line}`)];
}

/** A note is a few words; what is longer is told in full by the rule's page. */
function noteLines(note: string, width: number, page: Page): string[] {
  return clip(wrap(note, width), page.verbose ? Number.POSITIVE_INFINITY : 2, width, page);
}
