import type { Thread } from '../../model/thread.ts';

/** "state S (sleeping)", "wchan futex_do_wait", "syscall 202": the stack says the same in better words. */
const ROUTINE = /^(?:state [SRI]\b|wchan \S+$|syscall \d+$|running$|not in a system call$)/;

/** Remarks on a thread that say more than its stack does. Without a stack all of them do. */
export function tellingNotes({ notes, frames }: Thread): readonly string[] {
  const hasStack = frames.some(({ language }) => language !== 'kernel');
  return hasStack ? notes.filter((note) => !ROUTINE.test(note)) : notes;
}

// "recvfrom() on file 4: TCP 127.0.0.1:54794 -> 127.0.0.1:41581 ESTABLISHED", "waits for a mutex that thread 901 holds"
const SEEN_ALIVE = /^\w+\(\) (?:on file \d+: |waits for )|^waits for a mutex that thread \d+ holds$|^state [TtDZX]\b/;

/** Of those, what a look at the live process adds to a stack, and what keeps it from going on whatever the stack says; all of them where there is no stack. */
export function notesBesideStack(thread: Thread): readonly string[] {
  const notes = tellingNotes(thread);
  return thread.frames.some(({ language }) => language !== 'kernel')
    ? notes.filter((note) => SEEN_ALIVE.test(note))
    : notes;
}
