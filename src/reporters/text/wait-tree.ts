import type { Diagnosis } from '../../model/diagnosis.ts';
import type { Thread } from '../../model/thread.ts';
import type { WaitEdge } from '../../model/wait-graph.ts';
import { nameFunction, placeOf, plural } from '../_shared/names.ts';
import { WaitView } from '../_shared/wait-view.ts';
import { cutPath, hang, padEnd } from './layout.ts';
import type { Page } from './page.ts';
import { type Branch, growTrees, type WaitTree } from './wait-branches.ts';
import { widthOf } from './width.ts';

/** The trees of the wait-for graph as blocks of lines, and the threads that they show. */
export interface DrawnTree {
  readonly lines: readonly string[];
  readonly threads: ReadonlySet<unknown>;
}

/**
 * @param rows lines of those that wait, for each tree
 * @param how whether to say how it is known who holds what
 */
export function drawTrees(diagnosis: Diagnosis, page: Page, rows: number, how = true): DrawnTree[] {
  const view = new WaitView(diagnosis);
  return growTrees(diagnosis.waits, view).map((tree) => ({
    lines: [...drawTree(tree, view, page, rows), ...(how && rows > 0 ? drawInferred(tree, view, page) : [])],
    threads: new Set([...tree.members, ...tree.behind.flatMap(allOf)].flatMap((id) => view.thread(id) ?? [])),
  }));
}

function drawTree(tree: WaitTree, view: WaitView, page: Page, rows: number): string[] {
  const { kind, members, behind } = tree;
  const top = kind === 'lock' ? [] : members.map((id) => topRow(id, tree, view, page));
  const below = behind.flatMap((branch) => branchRows(branch, kind === 'lock' ? 0 : 1, view, page));
  // Saying that one line is left out takes a line too.
  const shown = below.slice(0, rows > 0 && below.length === rows + 1 ? rows + 1 : rows);
  const left = below.slice(shown.length).reduce((sum, { count }) => sum + count, 0);
  return [
    ...hang('  ', page.say(headline(tree, view, page)), page.width).map(page.bold),
    ...(rows === 0 ? [] : drawRows([...alignColumns(top), ...shown], page)),
    ...(rows === 0 || left === 0 ? [] : [`      and ${plural(left, 'thread')} more (-v shows them)`]),
  ];
}

/** "2 threads wait for each other; 43 more wait behind them" */
function headline({ kind, members, behind }: WaitTree, view: WaitView, page: Page): string {
  const count = new Set(behind.flatMap(allOf)).size;
  const [first = ''] = members;
  const threads = plural(count, 'thread');
  const wait = count === 1 ? 'waits' : 'wait';
  if (kind === 'lock')
    return `${threads} ${wait} for ${shorten(view.name(first), page)}; who holds it is not visible in this dump`;
  if (kind === 'root') return `${threads} ${wait} behind ${view.name(first)}, which waits for no other thread here`;
  const processes = new Set(members.map((id) => view.node(id)?.pid)).size;
  const who = processes > 1 ? `${members.length} threads of ${processes} processes` : plural(members.length, 'thread');
  const more = count === 0 ? '' : `; ${count} more ${wait} behind ${members.length === 1 ? 'it' : 'them'}`;
  return members.length === 1
    ? `1 thread waits for what it holds itself${more}`
    : `${who} wait for each other${members.length > 2 ? ' in a circle' : ''}${more}`;
}

interface Row {
  readonly depth: number;
  /** Columns that line up with those of the other rows of the kind. */
  readonly cells: readonly string[];
  readonly place: string;
  /** How many threads it stands for. */
  readonly count: number;
}

/** "transfer-1 (811)  holds lock 0x7f…a40  wants lock 0x7f…b10", "archiver (12)  waits for data to read in recv()" */
function topRow(id: string, { kind, cycle }: WaitTree, view: WaitView, page: Page): Row {
  const place = page.say(view.place(id));
  const name = page.say(view.name(id));
  if (kind === 'root') {
    const state = stateOf(view.thread(id));
    return { depth: 0, cells: [name, page.say(state)], place, count: 1 };
  }
  const inCycle = ({ from, to }: WaitEdge): boolean => cycle.has(from) && cycle.has(to);
  const holds = view
    .edgesTo(id)
    .filter((edge) => edge.kind === 'held-by' && inCycle(edge))
    .map(({ from }) => shorten(view.name(from), page));
  const wants = view
    .edgesFrom(id)
    .filter(inCycle)
    .map((edge) => phrase(edge.kind, 1, edge.to === id ? 'its own' : shorten(view.name(edge.to), page)));
  const cells = [name, holds.length > 0 ? `holds ${holds.join(', ')}` : '', wants.join(', ')];
  return { depth: 0, cells: cells.map(page.say), place, count: 1 };
}

/** What a final blocker does: "waits for data to read in recv()", "is in match (re.py:191), holds the GIL" */
function stateOf(thread: Thread | undefined): string {
  const [innermost] = thread?.frames ?? [];
  const place = innermost === undefined ? '' : placeOf(innermost);
  const at = innermost === undefined ? 'shows no frames' : `is in ${nameFunction(innermost)}${place && ` (${place})`}`;
  return `${thread?.wait?.says ?? at}${thread?.gil === 'holds' ? ', holds the GIL' : ''}`;
}

/** "└─ 43 threads want lock 0x7f…b10: http-worker-1, http-worker-2 … http-worker-43" */
function branchRows(branch: Branch, depth: number, view: WaitView, page: Page, above = 'it'): Row[] {
  const { kind, lock, waiters, behind } = branch;
  const what = phrase(kind, waiters.length, lock === undefined ? above : shorten(view.name(lock), page));
  const [, names = ''] = /^\d+ threads \((.*)\)$/s.exec(waiters.length > 1 ? view.nameAll(waiters) : '') ?? [];
  const text =
    waiters.length === 1 ? `${view.nameAll(waiters)} ${what}` : `${waiters.length} threads ${what}: ${names}`;
  const row = {
    depth,
    cells: [`${page.branch} ${page.say(text)}`],
    place: page.say(view.place(waiters[0] ?? '')),
    count: waiters.length,
  };
  return [
    row,
    ...behind.flatMap((one) => branchRows(one, depth + 1, view, page, waiters.length > 1 ? 'one of them' : 'it')),
  ];
}

function phrase(kind: WaitEdge['kind'], count: number, what: string): string {
  const s = count === 1 ? 's' : '';
  switch (kind) {
    case 'joins':
      return `wait${s} for ${what} to end`;
    case 'awaits-child':
      return `wait${s} for the process of ${what} to end`.replace('the process of it', 'its process');
    case 'awaits-result':
      return `wait${s} for a result of ${what}`;
    case 'awaits-peer':
      return `wait${s} for ${what} at the other end of a pipe`;
    default:
      return `want${s} ${what}`;
  }
}

function alignColumns(rows: readonly Row[]): Row[] {
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map(({ cells }) => widthOf(cells[column] ?? ''))));
  return rows.map((row) => ({
    ...row,
    cells: row.cells.map((cell, index) => (cell === '' ? cell : padEnd(cell, widths[index] ?? 0))),
  }));
}

const INDENT = 4;
/** A place loses its outer folders rather than its line, down to this width. */
const NARROW_PLACE = 26;

/** Places stand in a column of their own behind the texts, or below where there is no room. */
function drawRows(rows: readonly Row[], page: Page): string[] {
  const lines = rows.map((row) => ({ ...row, head: headOf(row) }));
  const widest = Math.min(NARROW_PLACE, Math.max(0, ...lines.map(({ place }) => widthOf(place))));
  const fitting = lines.map(({ head }) => widthOf(head)).filter((width) => width + 2 + widest <= page.width);
  const column = Math.max(0, ...fitting);
  return lines.flatMap(({ depth, cells, place, head }) => {
    if (widthOf(head) <= column)
      return [`${padEnd(head, column)}  ${page.dim(cutPath(place, page.width - column - 2, page))}`.trimEnd()];
    const indent = ' '.repeat(indentOf(depth));
    const text = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
    return [
      ...hang(indent, [text[0], text.slice(1).join(', ')].join('  '), page.width, indent.length + 3),
      ...(place === '' ? [] : hang(`${indent}   `, place, page.width).map(page.dim)),
    ];
  });
}

function headOf({ depth, cells }: Row): string {
  return `${' '.repeat(indentOf(depth))}${cells.filter((cell) => cell !== '').join('  ')}`.trimEnd();
}

function indentOf(depth: number): number {
  return INDENT + 2 * Math.min(depth, 6);
}

/** "(inferred: who holds lock 0x7f…a40 and lock 0x7f…b10; no other thread of the process could hold it)" */
function drawInferred({ edges }: WaitTree, view: WaitView, page: Page): string[] {
  const groups = new Map<string, Set<string>>();
  for (const { inferred, kind, from, why } of edges) {
    if (!inferred) continue;
    const what = kind === 'held-by' ? `who holds ${shorten(view.name(from), page)}` : CONCLUDED[kind];
    groups.set(why, (groups.get(why) ?? new Set()).add(what));
  }
  return [...groups].flatMap(([why, whats]) => {
    const list = [...whats].slice(0, 3).join(', ');
    return hang('    ', page.say(`(inferred: ${list}: ${why})`), page.width, 5).map(page.dim);
  });
}

const CONCLUDED: Readonly<Record<Exclude<WaitEdge['kind'], 'held-by'>, string>> = {
  wants: 'which lock it is',
  joins: 'which thread is joined',
  'awaits-child': 'which process is waited for',
  'awaits-peer': 'who is at the other end',
  'awaits-result': 'whose result is waited for',
};

/** "lock 0x7f…1680": the last four digits tell locks apart; `-v` and the other formats have the whole address. */
function shorten(label: string, { verbose, cut }: Page): string {
  return verbose ? label : label.replace(/\b0x([0-9a-f]{2})[0-9a-f]{3,}([0-9a-f]{4})\b/g, `0x$1${cut}$2`);
}

function allOf({ waiters, behind }: Branch): string[] {
  return [...waiters, ...behind.flatMap(allOf)];
}
