import type { Diagnosis, Evidence } from '../../model/diagnosis.ts';
import type { Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';

/** A piece of evidence with the thread it speaks of; without one when the evidence stands for itself. */
export interface Witness {
  readonly evidence: Evidence;
  readonly process: Process | undefined;
  readonly thread: Thread | undefined;
}

export function findWitnesses(evidence: readonly Evidence[], { capture }: Diagnosis): Witness[] {
  const byKey = new Map<string, { process: Process; thread: Thread }>();
  for (const process of capture.processes) {
    for (const thread of process.threads) {
      const key = `${process.pid} ${thread.id}`;
      if (!byKey.has(key)) byKey.set(key, { process, thread });
    }
  }
  return evidence.map((one) => {
    const found = byKey.get(`${one.pid} ${one.threadId}`);
    return { evidence: one, process: found?.process, thread: found?.thread };
  });
}
