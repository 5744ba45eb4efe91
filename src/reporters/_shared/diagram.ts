import type { Diagnosis } from '../../model/diagnosis.ts';
import type { WaitEdge, WaitNode } from '../../model/wait-graph.ts';
import { clean } from './clean.ts';
import { WaitView } from './wait-view.ts';

/** The wait-for graph as a diagram shows it: threads that wait alike are one box. Texts are clean, but not yet quoted. */
export interface Diagram {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

export interface Box {
  /** `n1`: ids of the graph hold text of the dump. */
  readonly id: string;
  readonly kind: WaitNode['kind'];
  /** Lines of text. */
  readonly label: readonly string[];
  readonly inCycle: boolean;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly inferred: boolean;
  readonly inCycle: boolean;
}

export function makeDiagram(diagnosis: Diagnosis): Diagram {
  const { nodes, edges, cycles } = diagnosis.waits;
  const view = new WaitView(diagnosis);
  const inCycle = new Set(cycles.flat());
  const links = new Set(
    cycles.flatMap((cycle) => cycle.map((id, index) => `${id}\n${cycle[(index + 1) % cycle.length]}`)),
  );
  const groups = foldAlike(nodes, inCycle, view);
  const numbers = new Map(groups.map(([id = ''], index) => [id, `n${index + 1}`]));
  return {
    boxes: groups.flatMap(([id = '', ...more]) => {
      const kind = view.node(id)?.kind ?? 'thread';
      const lines = [view.nameAll([id, ...more]), view.place(id)].filter((line) => line !== '');
      return [{ id: numbers.get(id) ?? '', kind, label: lines.map(shorten), inCycle: inCycle.has(id) }];
    }),
    arrows: edges.flatMap(({ from, to, kind, inferred }) => {
      const [start, end] = [numbers.get(from), numbers.get(to)];
      if (start === undefined || end === undefined) return [];
      const label = inferred ? `${LABELS[kind]} (inferred)` : LABELS[kind];
      return [{ from: start, to: end, label, inferred, inCycle: links.has(`${from}\n${to}`) }];
    }),
  };
}

const LABELS: Readonly<Record<WaitEdge['kind'], string>> = {
  wants: 'wants',
  'held-by': 'held by',
  joins: 'waits for its end',
  'awaits-child': 'waits for its exit',
  'awaits-peer': 'other end of a pipe',
  'awaits-result': 'waits for its result',
};

/** Threads for which nobody waits, at the same line and waiting for the same: 43 boxes would hide the two that matter. */
function foldAlike(nodes: readonly WaitNode[], inCycle: ReadonlySet<string>, view: WaitView): string[][] {
  const groups = new Map<string, string[]>();
  for (const { id, kind } of nodes) {
    const alone = kind !== 'thread' || inCycle.has(id) || view.edgesTo(id).length > 0;
    const waits = view.edgesFrom(id).map((edge) => `${edge.kind} ${edge.to}`);
    const key = alone ? id : ['alike', view.place(id), ...waits].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [id]);
    else group.push(id);
  }
  return [...groups.values()];
}

/** A label is for looking at; names of a megabyte are not. */
const LONGEST = 120;

function shorten(text: string): string {
  const cleaned = clean(text.slice(0, 100 * LONGEST));
  return cleaned.length > LONGEST ? `${cleaned.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…` : cleaned;
}
