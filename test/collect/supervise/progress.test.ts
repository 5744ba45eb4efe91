import { describe, expect, test } from 'vitest';
import { followProgress } from '../../../src/collect/supervise/progress.ts';

/** Looks once a second at a tree; each step says what it used and wrote in that second. */
function stallsAfter(stallSeconds: number, steps: readonly { cpu?: number; bytes?: number }[]): number | undefined {
  const progress = followProgress(stallSeconds);
  let [cpuSeconds, bytesWritten] = [3, 500];
  progress.add({ atSeconds: 100, cpuSeconds, bytesWritten });
  for (const [index, { cpu = 0, bytes = 0 }] of steps.entries()) {
    cpuSeconds += cpu;
    bytesWritten += bytes;
    progress.add({ atSeconds: 101 + index, cpuSeconds, bytesWritten });
    if (progress.isStalled()) return index + 1;
  }
  return undefined;
}

const times = (count: number, step: { cpu?: number; bytes?: number }) => Array.from({ length: count }, () => step);

describe('a stall', () => {
  test.each([
    ['nothing at all', times(20, {}), 10],
    ['a loop that looks every now and then', times(20, { cpu: 0.01 }), 10],
    ['work', times(20, { cpu: 0.9 }), undefined],
    ['little work, but some', times(20, { cpu: 0.05 }), undefined],
    ['output without work', times(20, { bytes: 1 }), undefined],
    ['silence after work', [...times(5, { cpu: 1 }), ...times(15, {})], 15],
    ['silence after output', [...times(5, { bytes: 80 }), ...times(15, {})], 15],
    ['work now and then', times(40, {}).map((_, index) => ({ cpu: index % 8 === 0 ? 1 : 0 })), undefined],
    ['a process that ends and takes its counts along', [{}, { cpu: -2, bytes: -400 }, ...times(18, {})], 10],
  ])('%s', (_what, steps, expected) => {
    expect(stallsAfter(10, steps)).toBe(expected);
  });

  test('is not told before so much time was looked at, nor after a new beginning', () => {
    const progress = followProgress(10);
    for (let second = 0; second <= 12; second += 1)
      progress.add({ atSeconds: second, cpuSeconds: 1, bytesWritten: undefined });
    expect(progress.isStalled()).toBe(true);
    progress.reset();
    expect(progress.isStalled()).toBe(false);
    progress.add({ atSeconds: 13, cpuSeconds: 1, bytesWritten: undefined });
    expect(progress.isStalled()).toBe(false);
  });
});
