import type { ThreadFacts } from './facts.ts';

/** Whether a thread runs or gets on: it may yet do what others wait for. Its role does not tell, as others do wait for it. */
export function isAtWork({ thread }: ThreadFacts): boolean {
  return thread.activity === 'active' || thread.progress === 'moving' || thread.progress === 'spinning';
}

/** The processes, by pid, one of whose children is at work. */
export function parentsOfWork(threads: readonly ThreadFacts[]): ReadonlySet<number> {
  return new Set(threads.flatMap((one) => (isAtWork(one) ? (one.process.parentPid ?? []) : [])));
}
