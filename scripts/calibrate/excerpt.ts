import type { Diagnosis, Frame, Thread } from '../../src/index.ts';

/**
 * The lines of a dump that show the innermost frames of one thread, with the thread's own heading, as somebody would paste them.
 *
 * @returns undefined where the thread has no more frames, or the lines cannot be told apart, as in JSON
 */
export function excerptOf(text: string, thread: Thread, count: number): string | undefined {
  if (/^\s*[[{]/.test(text) || thread.frames.length <= count) return undefined;
  const [first, last] = linesOf(thread, count);
  const lines = text.split('\n');
  const heading = first > thread.place.line ? [lines[thread.place.line - 1] ?? ''] : [];
  return `${[...heading, ...lines.slice(first - 1, last)].join('\n')}\n`;
}

/** The thread that the first hypothesis speaks of; without one every thread tells that nothing hangs. */
export function tellingThreads({ hypotheses, capture }: Diagnosis): Thread[] {
  const told = hypotheses[0]?.evidence[0];
  const threads = capture.processes.flatMap((process) => process.threads).filter(({ frames }) => frames.length > 0);
  return told === undefined ? threads : threads.filter(({ id }) => id === told.threadId).slice(0, 1);
}

/** From and to which line the innermost frames stand, whichever order the tool prints. */
function linesOf({ frames }: Thread, count: number): [number, number] {
  const lines = frames.slice(0, count).map(({ place }: Frame) => place.line);
  return [Math.min(...lines), Math.max(...lines)];
}
