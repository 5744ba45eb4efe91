import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';
import { waitsForGil } from './gil.ts';

/** Whether a thread runs or gets on: it may yet do what others wait for. Its role does not tell, as others do wait for it. */
export function isAtWork({ thread }: ThreadFacts): boolean {
  return thread.activity === 'active' || thread.progress === 'moving' || thread.progress === 'spinning';
}

/** The processes, by pid, one of whose children is at work. */
export function parentsOfWork(threads: readonly ThreadFacts[]): ReadonlySet<number> {
  return new Set(threads.flatMap((one) => (isAtWork(one) ? (one.process.parentPid ?? []) : [])));
}

/**
 * How a dump shows that a thread was at work at its moment, in words; undefined where it does not.
 *
 * @param liars the threads of its process that are called active and plainly wait: beside them the word is worth nothing
 */
export function workOf(facts: ThreadFacts, liars: readonly ThreadFacts[]): string | undefined {
  const { thread, frames } = facts;
  if (frames.length === 0 || thread.idleAs !== undefined || thread.innerCut === true || waitsForGil(facts))
    return undefined;
  if (thread.progress === 'moving' || thread.progress === 'stuck') return undefined;
  const isTrusted = thread.activity === 'active' && liars.every((one) => one === facts);
  // A poll that is seen at work returns at once, each time.
  if (thread.wait !== undefined)
    return isTrusted && thread.wait.kind === 'poll' && thread.view.native ? 'asks again and again' : undefined;
  if (thread.gil === 'holds') return thread.activity === 'idle' ? undefined : 'holds the GIL and is at work';
  if (isTrusted) return 'is at work';
  const isSeen = thread.activity === undefined && thread.view.native && thread.unplaced.length === 0;
  return isSeen && computes(frames) ? 'is at work' : undefined;
}

export function waitsActively({ thread }: ThreadFacts): boolean {
  return thread.activity === 'active' && thread.wait !== undefined && thread.gil !== 'holds';
}

/** Who waits stands in a system call, which belongs to the C library; code of anybody else runs. */
function computes(frames: readonly KnownFrame[]): boolean {
  const innermost = frames.find(({ plumbing, categories }) => !plumbing || categories.has('eval'));
  if (innermost === undefined || frames[0]?.unnamed === true || !frames.some(isPython)) return false;
  const { frame, bare, unnamed, categories } = innermost;
  if (frame.language !== 'native' || unnamed || categories.has('signal-handler')) return false;
  // The frames of system calls often have neither file nor library.
  if (frame.module === undefined && frame.file === undefined) return bare.startsWith('_Py') || bare.startsWith('Py');
  return !C_LIBRARY.test(frame.module ?? '') && !C_SOURCE.test(frame.file ?? '');
}

const C_LIBRARY = /(?:^|\/)(?:libc|libpthread|ld|libdl|librt)[.-][^/]*$|vdso|^libsystem|^ntdll|\.dll$/i;

/** "../sysdeps/unix/sysv/linux/poll.c", "./nptl/futex-internal.c" */
const C_SOURCE = /(?:^|\/)(?:sysdeps|nptl|csu|socket|misc|io|time|signal)\/[^/]|\.S$|^\.\/(?:posix|stdlib|malloc)\//;

function isPython({ frame, categories }: KnownFrame): boolean {
  return frame.language === 'python' || categories.has('eval');
}
