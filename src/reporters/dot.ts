import { type Arrow, type Box, makeDiagram } from './_shared/diagram.ts';
import { defineReporter } from './reporter.ts';

/** For Graphviz: `whyhung --format dot dumps/ | dot -Tsvg > waits.svg`. */
export default defineReporter({
  format: 'dot',
  extension: 'dot',
  title: 'who waits for whom, for Graphviz',
  render(diagnosis) {
    const { boxes, arrows } = makeDiagram(diagnosis);
    const lines = [
      'rankdir=LR',
      'node [shape=box, fontname="sans-serif"]',
      'edge [fontname="sans-serif"]',
      ...(boxes.length === 0 ? ['none [label="no thread waits for another one in this dump", shape=plaintext]'] : []),
      ...boxes.map(drawBox),
      ...arrows.map(drawArrow),
    ];
    return `digraph waits {\n${lines.map((line) => `  ${line};\n`).join('')}}\n`;
  },
});

/** Threads and processes are boxes, what they wait for is round. */
function drawBox({ id, kind, label, inCycle }: Box): string {
  const shape = kind === 'lock' || kind === 'gil' ? ', shape=ellipse' : '';
  return `${id} [label=${quote(label)}${shape}${inCycle ? RED : ''}]`;
}

function drawArrow({ from, to, label, inferred, inCycle }: Arrow): string {
  const dashed = inferred ? ', style=dashed' : '';
  return `${from} -> ${to} [label=${quote([label])}${dashed}${inCycle ? RED : ''}]`;
}

const RED = ', color="#c62828", fontcolor="#7f1d1d"';

/** Lines as one quoted string. A backslash would begin an escape such as `\N`, `&` an HTML entity. */
function quote(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;')).join('\\n')}"`;
}
