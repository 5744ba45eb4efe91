import type { ThreadFacts } from '../../analysis/facts.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import type { MatchedThread } from '../rule.ts';

/** What to mark on a stack: which frames, and what they show. */
export interface Mark {
  readonly find: (frame: KnownFrame) => boolean;
  readonly note: string;
}

/** A thread as evidence: its wait and the given marks, each frame once, innermost first. */
export function witness(thread: ThreadFacts, note: string, marks: readonly Mark[] = []): MatchedThread {
  const frames = new Map<number, string>();
  const outermostWait = thread.thread.wait?.frames.at(-1);
  if (outermostWait !== undefined) frames.set(outermostWait, thread.thread.wait?.says ?? '');
  for (const { find, note: says } of marks) {
    const index = thread.frames.findIndex(find);
    if (index >= 0) frames.set(index, says);
  }
  const marked = [...frames].sort(([one], [other]) => one - other);
  return {
    thread,
    note,
    frames: marked.flatMap(([index, says]): EvidenceFrame[] => {
      const frame = thread.thread.frames[index];
      return frame === undefined ? [] : [{ index, frame, note: says }];
    }),
  };
}
