import type { Frame } from '../../model/frame.ts';
import { type FileLock, makeProcess, type OpenFile, type Process } from '../../model/process.ts';
import { makeThread, type Thread } from '../../model/thread.ts';

type Writable<Model> = { -readonly [Key in keyof Model]: Model[Key] };

/** A thread whose lines are still being read. */
export type ThreadDraft = Writable<Omit<Thread, 'frames' | 'notes'>> & { frames: Frame[]; notes: string[] };

/** A process whose lines are still being read. */
export type ProcessDraft = Writable<Omit<Process, 'threads' | 'fileLocks' | 'files'>> & {
  threads: ThreadDraft[];
  fileLocks: FileLock[] | undefined;
  files: OpenFile[] | undefined;
};

export function draftThread(known: Parameters<typeof makeThread>[0]): ThreadDraft {
  const thread = makeThread(known);
  return { ...thread, frames: [...thread.frames], notes: [...thread.notes] };
}

export function draftProcess(known: Omit<Parameters<typeof makeProcess>[0], 'threads'>): ProcessDraft {
  return { ...makeProcess({ ...known, threads: [] }), threads: [], fileLocks: undefined, files: undefined };
}
