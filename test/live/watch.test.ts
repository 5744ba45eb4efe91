import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { explainSkip, missingForLive } from '../support/live.ts';
import { type Running, startProcess } from '../support/processes.ts';
import { type Bench, makeBench, PROGRAMS } from '../support/run-under.ts';

const missing = missingForLive('python3', 'py-spy', 'gdb');
explainSkip('whyhung watch', missing);

let bench: Bench;
let target: Running | undefined;

beforeAll(async () => {
  if (missing === undefined) bench = await makeBench();
}, 200_000);

afterAll(() => bench?.remove());
afterEach(() => target?.stop());

function start(...args: readonly string[]): number {
  target = startProcess('python3', args);
  return target.pid;
}

const watch = (pid: number, ...options: readonly string[]) =>
  bench.whyhung(['watch', `${pid}`, '--interval', '0.2', '--between', '0.5', ...options]);

describe.skipIf(missing !== undefined)('whyhung watch', () => {
  test('tells why a process makes no progress, and ends after the report with --once', async () => {
    const pid = start(join(PROGRAMS, 'deadlock.py'));
    const { stdout, stderr, exitCode } = await watch(pid, '--stall', '1.5', '--once');
    expect(stdout).toMatch(/^HANG[\s\S]*lock-order-cycle/);
    expect(stderr).toMatch(/watching \d+ \(python3[^)]*\)[\s\S]*no output and no work for 1\.5 s, no thread ran/);
    expect(exitCode).toBe(1);
  }, 60_000);

  test('says nothing of one that works, and ends with it', async () => {
    const pid = start('-c', 'import time\nend = time.time() + 4\nwhile time.time() < end: pass');
    const { stdout, stderr, exitCode } = await watch(pid, '--stall', '1');
    expect(stderr).toMatch(/has ended\n?$/);
    expect(stderr).not.toContain('no work');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 0 });
  }, 60_000);

  test('tells when a process goes on, and does not report it twice meanwhile', async () => {
    const nap = 'import time\ntime.sleep(9)\nend = time.time() + 3\nwhile time.time() < end: pass';
    const { stderr } = await watch(start('-c', nap), '--stall', '1', '--moments', '1');
    expect(stderr.match(/no output and no work/g)).toHaveLength(1);
    expect(stderr).toMatch(/makes progress again[\s\S]*has ended/);
  }, 60_000);

  test('no such process', async () => {
    const { stderr, exitCode } = await bench.whyhung(['watch', '99999999']);
    expect(stderr).toBe('99999999: no such process\n  Find it with: pgrep -af python');
    expect(exitCode).toBe(2);
  });
});
