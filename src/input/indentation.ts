import type { Line } from '../parsers/parser.ts';

/** Lines that stand at the left margin in every format: headers, and the first frame of a backtrace. */
const MARGIN =
  /^(?:Thread |Current thread 0x|Process \d+: |Traceback |#0 |Stack \(most recent|PID \d+ - |\* thread #|Timeout \(|Fatal Python error)/;

/**
 * Removes the indentation that a paste has as a whole (an indented code block, a YAML value).
 * Only blocks that hold a header are moved: frames below a header are indented by right.
 */
export function dedentBlocks(lines: readonly Line[]): Line[] {
  const result = [...lines];
  let start = 0;
  while (start < lines.length) {
    const end = endOfIndented(lines, start);
    if (end > start) dedent(result, start, end);
    start = Math.max(end, start + 1);
  }
  return result;
}

/** Index after the run of lines, from `start` on, that are blank or indented. */
function endOfIndented(lines: readonly Line[], start: number): number {
  let end = start;
  for (let line = lines[end]; line !== undefined && /^(?:\s|$)/.test(line.text); line = lines[end]) end += 1;
  return end;
}

function dedent(lines: Line[], start: number, end: number): void {
  let least = Number.POSITIVE_INFINITY;
  let margin = Number.POSITIVE_INFINITY;
  for (let index = start; index < end; index += 1) {
    const text = lines[index]?.text ?? '';
    const trimmed = text.trimStart();
    if (trimmed === '') continue;
    const indentation = text.length - trimmed.length;
    least = Math.min(least, indentation);
    if (MARGIN.test(trimmed)) margin = Math.min(margin, indentation);
  }
  if (margin === Number.POSITIVE_INFINITY || least === 0) return;
  for (let index = start; index < end; index += 1) {
    const line = lines[index];
    if (line !== undefined) lines[index] = { text: line.text.slice(least), number: line.number };
  }
}
