import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainSkip, missingForLive } from '../support/live.ts';
import { type Bench, makeBench, PROGRAMS, startLive } from '../support/run-under.ts';

const missing = missingForLive('python3', 'py-spy', 'gdb');
explainSkip('faults of whyhung run', missing);

let bench: Bench;

beforeAll(async () => {
  if (missing === undefined) bench = await makeBench();
}, 200_000);

afterAll(() => bench?.remove());

const program = (name: string): string => join(PROGRAMS, name);
const QUICK = ['--stall', '2', '--interval', '0.2', '--grace', '1'];
const hang = (command: readonly string[], options: Parameters<Bench['whyhung']>[1] = {}, ...more: readonly string[]) =>
  bench.whyhung(['run', ...QUICK, ...more, '--', ...command], options);

/** What the shell and the programs need, and none of the tools. */
function pathWithoutTools(): string {
  const folder = mkdtempSync(join(bench.folder, 'bin-'));
  for (const name of ['python3', 'sh', 'sleep']) symlinkSync(`/usr/bin/env`, join(folder, name));
  return folder;
}

describe.skipIf(missing !== undefined)('a fault', () => {
  test('no tools: /proc is reported, and what to install', async () => {
    const { stderr, exitCode, orphans } = await hang(['/bin/sleep', '1000'], { env: { PATH: pathWithoutTools() } });
    expect(stderr).toContain('sleep');
    expect(stderr).toContain('pip install py-spy');
    expect(stderr).toContain('apt install gdb');
    expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
  }, 60_000);

  test('a full disk costs the files, not the report', async () => {
    const folder = join(bench.folder, 'full');
    mkdirSync(folder);
    symlinkSync('/dev/full', join(folder, 'report.txt'));
    const { stderr, exitCode, orphans } = await hang(['sleep', '1000'], {}, '--report-dir', folder);
    expect(stderr).toContain('report.txt: cannot be written (no space left on the device)');
    expect(stderr).toContain('UNKNOWN');
    expect({ exitCode, orphans, files: readdirSync(folder) }).toEqual({ exitCode: 124, orphans: [], files: [] });
  }, 60_000);

  test('nobody reads standard error any more', async () => {
    const line = `exec 3>&1; { "$@"; echo $? >&3; } 2>&1 >/dev/null | exec 0<&-; sleep 0.1`;
    const argv = bench.command(['run', ...QUICK, '--', 'sleep', '1000']);
    const { child, ended, printed } = startLive(['bash', '-c', line, 'bash', ...argv]);
    await ended;
    expect(printed()).toBe('124\n');
    expect(child.exitCode).toBe(0);
  }, 60_000);

  test('children that ignore SIGTERM are killed', async () => {
    const { stderr, exitCode, orphans } = await hang(['python3', program('stubborn.py')]);
    expect(stderr).toMatch(/ended 2 processes; had to kill \d+ \(python3[^)]*\), \d+ \(python3/);
    expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
  }, 60_000);

  test('a process that is stopped', async () => {
    const { stderr, exitCode, orphans } = await hang(['sh', '-c', 'kill -STOP $$; sleep 1000']);
    expect(stderr).toMatch(/is stopped \(state T\)/);
    expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
  }, 60_000);

  test('a zombie is named, and not waited for', async () => {
    const { stderr, exitCode, orphans, seconds } = await hang(['python3', program('zombie.py')]);
    expect(stderr).toMatch(/process \d+ \(python3[^)]*\) has ended, and its parent \d+ has not\s+waited for it/);
    expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
    expect(seconds).toBeLessThan(40);
  }, 60_000);

  test.each([[], ['--shed']])(
    'daemons and sessions of their own are found %j',
    async (...options) => {
      const { stderr, exitCode, orphans } = await hang(['python3', program('daemons.py'), ...options]);
      expect(stderr).toContain('ended 4 processes');
      expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
    },
    60_000,
  );
});

describe.skipIf(missing !== undefined)('whyhung itself is told to end', () => {
  /** Starts a run, ends it when it has printed something, and says what is left of it. */
  async function ended(pattern: RegExp, command: readonly string[], signals: readonly NodeJS.Signals[]) {
    const mark = `WHYHUNG_TEST_${process.hrtime.bigint()}`;
    const live = startLive(bench.command(['run', ...QUICK, '--', ...command]), { [mark]: '1' });
    await live.waitFor(pattern);
    const started = performance.now();
    for (const signal of signals) {
      live.child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const end = await live.ended;
    return {
      ...end,
      seconds: (performance.now() - started) / 1000,
      left: await holders(mark),
      printed: live.printed(),
    };
  }

  test('while the command runs: all of it ends', async () => {
    const script = 'sleep 1001 | sleep 1002 & echo READY; wait';
    const { code, signal, left } = await ended(/READY/, ['sh', '-c', script], ['SIGTERM']);
    expect({ code, signal, left }).toEqual({ code: null, signal: 'SIGTERM', left: [] });
  }, 60_000);

  test('while the command does not listen: it is killed', async () => {
    const { code, signal, left } = await ended(/READY/, ['python3', program('stubborn.py')], ['SIGTERM']);
    expect({ code, signal, left }).toEqual({ code: null, signal: 'SIGTERM', left: [] });
  }, 60_000);

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while it looks: the look ends early, and all of it',
    async (name) => {
      const { signal, left, printed } = await ended(/looking at/, ['python3', program('deadlock.py')], [name]);
      expect({ signal, left }).toEqual({ signal: name, left: [] });
      expect(printed).toContain('ended 1 process');
    },
    60_000,
  );
});

async function holders(variable: string): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environment.includes(`${variable}=`)) found.push(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => pid));
  }
  return found;
}
