import type { Process } from '../model/process.ts';

/**
 * Whether threads of a process may be missing from a dump because somebody pasted a part of it. Tools name the process
 * above its threads; faulthandler does not, but numbers them like no other tool, and shows all of them, the main thread too.
 */
export function mayLackThreads({ pid, threads }: Process): boolean {
  if (pid !== undefined) return false;
  const byFaulthandler = threads.every(({ pthreadId, nativeId }) => pthreadId !== undefined && nativeId === undefined);
  return !(byFaulthandler && threads.some(({ frames }) => frames.at(-1)?.function === '<module>'));
}
