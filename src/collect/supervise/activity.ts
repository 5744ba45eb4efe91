import { readFileSync } from 'node:fs';
import { type ProcessEntry, quietly } from './process-table.ts';
import type { Activity } from './progress.ts';

/** What the processes have done up to now. */
export function readActivity(members: readonly ProcessEntry[]): Activity {
  const written = members.map(({ pid }) => readBytesWritten(pid)).filter((bytes) => bytes !== undefined);
  return {
    atSeconds: performance.now() / 1000,
    cpuSeconds: members.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    bytesWritten: written.length === 0 ? undefined : written.reduce((sum, bytes) => sum + bytes, 0),
  };
}

// "wchar: 323934931": bytes of all write calls, also to pipes and terminals, so that output need not pass through here.
const WRITTEN = /^wchar: (?<bytes>\d+)$/m;

function readBytesWritten(pid: number): number | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/io`, 'latin1'));
  const bytes = WRITTEN.exec(text ?? '')?.groups?.bytes;
  return bytes === undefined ? undefined : Number(bytes);
}
