import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT } from '../../src/reporters/json/report-schema.ts';
import type { Ended } from '../support/built-program.ts';
import { explainSkip, missingForLive } from '../support/live.ts';
import { type Bench, makeBench, PROGRAMS, VENV_PYTHON } from '../support/run-under.ts';

const missing = missingForLive('py-spy', 'gdb', 'pytest');
explainSkip('whyhung run on hanging jobs', missing);

let bench: Bench;

beforeAll(async () => {
  if (missing === undefined) bench = await makeBench();
}, 200_000);

afterAll(() => bench?.remove());

const PYTEST = [VENV_PYTHON, '-m', 'pytest', '-q', '-p', 'no:cacheprovider'];
const program = (name: string): string => join(PROGRAMS, name);

interface Run extends Ended {
  readonly report: ReturnType<typeof REPORT.parse>;
  readonly text: string;
  /** Tools whose dumps are there. */
  readonly tools: readonly string[];
}

async function hang(name: string, options: readonly string[], command: readonly string[]): Promise<Run> {
  const folder = join(bench.folder, name);
  const ended = await bench.whyhung([
    ...['run', '--interval', '1', '--grace', '3', '--report-dir', folder, ...options, '--', ...command],
  ]);
  const dumps = readdirSync(join(folder, 'dumps'), { recursive: true, encoding: 'utf8' });
  return {
    ...ended,
    report: REPORT.parse(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))),
    text: readFileSync(join(folder, 'report.txt'), 'utf8'),
    tools: [...new Set(dumps.flatMap((path) => /([a-z-]+)\.\d+\.txt$/.exec(path)?.[1] ?? []))].sort(),
  };
}

describe.skipIf(missing !== undefined)('a job that hangs is diagnosed, ended and reported', () => {
  test.each([
    ['pytest', [...PYTEST, program('test_orders.py')], 'lock-order-inversion', 1],
    ['pytest-xdist', [...PYTEST, '-n', '2', program('test_orders.py')], 'lock-order-inversion', 3],
    ['multiprocessing', [VENV_PYTHON, program('pool.py')], 'fork-inherited-lock', 3],
    [
      'pipeline',
      ['sh', '-c', '"$0" "$1" | "$0" "$2"', VENV_PYTHON, program('produce.py'), program('consume.py')],
      'self-deadlock',
      3,
    ],
  ])(
    '%s',
    async (name, command, cause, processes) => {
      const { exitCode, stderr, report, text, tools, orphans } = await hang(name, ['--stall', '4'], command);
      expect(report.verdict).toBe('hang');
      expect(report.hypotheses[0]?.cause).toBe(cause);
      expect(report.warnings.map(({ code }) => code)).not.toContain('no-python');
      expect(stderr).toContain('no output and no work for 4 s: looking at');
      expect(stderr).toContain(text.split('\n')[0]);
      expect(stderr).toContain(`ended ${processes === 1 ? '1 process' : `${processes} processes`}`);
      expect(tools).toEqual(['gdb', 'proc', 'py-spy']);
      expect({ exitCode, orphans, left: bench.leftovers() }).toEqual({ exitCode: 124, orphans: [], left: [] });
    },
    90_000,
  );

  test('one that works for too long, by --timeout, whatever it is', async () => {
    const spin = ['-c', 'n = 0\nwhile True: n += 1'];
    const { exitCode, stderr, orphans } = await hang('spin', ['--timeout', '2'], [VENV_PYTHON, ...spin]);
    expect(stderr).toContain('still running after 2 s');
    expect({ exitCode, orphans }).toEqual({ exitCode: 124, orphans: [] });
  }, 60_000);

  test('an earlier report does not stay when the next run is well', async () => {
    const folder = join(bench.folder, 'spin');
    expect(readdirSync(folder)).toContain('report.json');
    const { exitCode } = await bench.whyhung(['run', '--report-dir', folder, '--', 'true']);
    expect({ exitCode, files: readdirSync(folder), dumps: readdirSync(join(folder, 'dumps')) }).toEqual({
      exitCode: 0,
      files: ['dumps'],
      dumps: [],
    });
  });
});

describe.skipIf(missing !== undefined)('a job that only looks still goes on', () => {
  test('it computes, without a word', async () => {
    const work = 'import time\nend = time.time() + 4\nwhile time.time() < end: pass';
    const { exitCode, stderr } = await bench.whyhung(['run', '--stall', '1', '--', VENV_PYTHON, '-c', work]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('it prints now and then', async () => {
    const { exitCode, stderr } = await bench.whyhung([
      ...['run', '--stall', '1.5', '--', 'sh', '-c', 'for n in 1 2 3 4 5 6 7; do sleep 0.5; echo $n; done'],
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('it is an idle server', async () => {
    const serve = 'import socket\ns = socket.create_server(("127.0.0.1", 21510))\ns.accept()\n';
    const { stderr, exitCode } = await bench.whyhung([
      ...['run', '--stall', '1', '--interval', '0.5', '--timeout', '6', '--', VENV_PYTHON, '-c', serve],
    ]);
    expect(stderr).toContain('waits for work as idle programs do; it goes on');
    expect(stderr).toContain('still running after 6 s');
    expect(exitCode).toBe(124);
  }, 60_000);
});
