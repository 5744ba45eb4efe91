import type { Diagnosis, Frame, Thread } from '../../src/index.ts';

/**
 * The lines of a dump that show the innermost frames of the thread that the first hypothesis speaks of, with the thread's own
 * heading, as somebody would paste them.
 *
 * @returns undefined where the lines cannot be told apart, as in JSON
 */
export function excerptOf(text: string, { hypotheses, capture }: Diagnosis, count: number): string | undefined {
  const told = hypotheses[0]?.evidence[0];
  if (told === undefined || /^\s*[[{]/.test(text)) return undefined;
  const thread = capture.processes
    .flatMap(({ threads }) => threads)
    .find(({ id, frames }) => id === told.threadId && frames.length > 0);
  if (thread === undefined || thread.frames.length <= count) return undefined;
  const [first, last] = linesOf(thread, count);
  const lines = text.split('\n');
  const heading = first > thread.place.line ? [lines[thread.place.line - 1] ?? ''] : [];
  return `${[...heading, ...lines.slice(first - 1, last)].join('\n')}\n`;
}

/** From and to which line the innermost frames stand, whichever order the tool prints. */
function linesOf({ frames }: Thread, count: number): [number, number] {
  const lines = frames.slice(0, count).map(({ place }: Frame) => place.line);
  return [Math.min(...lines), Math.max(...lines)];
}
