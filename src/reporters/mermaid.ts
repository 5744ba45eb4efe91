import { type Arrow, type Box, makeDiagram } from './_shared/diagram.ts';
import { defineReporter } from './reporter.ts';

/** For tickets and wikis that draw Mermaid. */
export default defineReporter({
  format: 'mermaid',
  extension: 'mmd',
  title: 'who waits for whom, as a Mermaid flowchart',
  render(diagnosis) {
    const { boxes, arrows } = makeDiagram(diagnosis);
    const lines = [
      ...(boxes.length === 0 ? ['none["no thread waits for another one in this dump"]'] : []),
      ...boxes.map(drawBox),
      ...arrows.map(drawArrow),
      ...styleOf(boxes, arrows),
    ];
    return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join('')}`;
  },
});

/** Threads and processes are boxes, what they wait for is round. */
function drawBox({ id, kind, label }: Box): string {
  const text = `"${label.map(escapeLabel).join('<br/>')}"`;
  return `${id}${kind === 'lock' || kind === 'gil' ? `([${text}])` : `[${text}]`}`;
}

function drawArrow({ from, to, label, inferred }: Arrow): string {
  return `${from} ${inferred ? '-.->' : '-->'}|"${label}"| ${to}`;
}

function styleOf(boxes: readonly Box[], arrows: readonly Arrow[]): string[] {
  const inCycle = boxes.filter((box) => box.inCycle).map(({ id }) => id);
  const links = arrows.flatMap((arrow, index) => (arrow.inCycle ? [index] : []));
  return [
    ...(inCycle.length > 0
      ? ['classDef cycle fill:#fdecea,stroke:#c62828,color:#7f1d1d', `class ${inCycle.join(',')} cycle`]
      : []),
    ...(links.length > 0 ? [`linkStyle ${links.join(',')} stroke:#c62828`] : []),
  ];
}

/**
 * Labels are HTML and Markdown to Mermaid, also inside quotes: `__init__` would be bold, `1.` a list, an address a link.
 * Whatever is not plain becomes Mermaid's `#code;`, and so does whatever begins a list.
 */
function escapeLabel(text: string): string {
  return text
    .trim()
    .replace(/[^A-Za-z0-9 ,./()-]|(?<=^\d*)[.)-]|(?<=www)\./giu, (character) => `#${character.codePointAt(0)};`);
}
