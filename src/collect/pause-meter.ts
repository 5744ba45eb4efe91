import { readFileSync } from 'node:fs';
import type { Host } from './host.ts';
import { parseStat } from './processes.ts';

const EVERY_MILLISECONDS = 2;

/**
 * Measures for how long a process stands still, held by a tracer (state t), while something is done to it. Behind a prefix
 * that cannot be watched, and the time of the whole run is the answer: it was no longer.
 */
export async function measurePause<Value>(
  pid: number,
  host: Host,
  run: () => Promise<Value>,
): Promise<{ value: Value; milliseconds: number }> {
  const started = performance.now();
  if (!host.isLocal) return { value: await run(), milliseconds: performance.now() - started };
  let paused = 0;
  let last = started;
  let wasHeld = false;
  const look = (): void => {
    const now = performance.now();
    const isHeld = isTraced(pid);
    if (isHeld || wasHeld) paused += (now - last) * (isHeld && wasHeld ? 1 : 0.5);
    last = now;
    wasHeld = isHeld;
  };
  const timer = setInterval(look, EVERY_MILLISECONDS);
  try {
    const value = await run();
    look();
    return { value, milliseconds: paused };
  } finally {
    clearInterval(timer);
  }
}

function isTraced(pid: number): boolean {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.state === 't';
  } catch {
    return false;
  }
}
