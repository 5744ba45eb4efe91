import type { Warning } from '../model/dump.ts';
import type { Host } from './host.ts';
import { warn } from './obstacles.ts';
import { pause } from './pause.ts';
import { type Sight, sightOf } from './sight.ts';

/** A tool that was ended leaves its process a moment later. */
const TRIES = 20;
const BETWEEN_SECONDS = 0.1;

/**
 * Sees to it that a process runs on as it did before, and says so where it does not. It is only woken where a tool failed
 * on it: any other stop is somebody's will.
 */
export async function checkAfter(before: Sight, host: Host, { mayResume }: { mayResume: boolean }): Promise<Warning[]> {
  const { pid } = before;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const now = await sightOf(pid, host);
    if (now === undefined || now.started !== before.started || (now.state === 'Z' && before.state !== 'Z'))
      return [
        warn(
          'process-ended',
          pid,
          'the process ended while it was looked at',
          'What was read before its end is shown. Look at its log, its exit status, and dmesg for the OOM killer.',
        ),
      ];
    if (isAsBefore(before, now)) return [];
    // A tool that dies between its request to stop and the stop leaves a SIGSTOP behind.
    if (mayResume && now.state === 'T' && before.state !== 'T' && now.tracer === 0)
      await host.run('sh', ['-c', 'kill -CONT "$1"', 'sh', `${pid}`], { timeoutSeconds: 10 });
    await pause(BETWEEN_SECONDS);
  }
  return [
    warn(
      'process-still-held',
      pid,
      'the process still stands still: it was stopped, or another tool holds it, since this capture began',
      `See which: grep -E "State|TracerPid" /proc/${pid}/status   and let it go on: kill -CONT ${pid}`,
    ),
  ];
}

function isAsBefore(before: Sight, now: Sight): boolean {
  const stands = now.state === 'T' || now.state === 't' || now.tracer !== 0;
  return !stands || before.state === 'T' || before.tracer !== 0;
}
