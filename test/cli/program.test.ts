import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../support/cases.ts';

const PROGRAM = join(ROOT, 'bin/whyhung.js');
const DUMP = join(ROOT, 'fixtures/hangs/zmq/context-finalized-by-collector-pyzmq27/dumps/pyspy.txt');

/** The built program, as it is installed. */
beforeAll(async () => {
  await execa('npm', ['run', 'build'], { cwd: ROOT });
}, 120_000);

const start = (argv: readonly string[], options = {}) =>
  execa(process.execPath, [PROGRAM, ...argv], {
    reject: false,
    env: { FORCE_COLOR: undefined, NO_COLOR: undefined },
    ...options,
  });

test('reads standard input, answers on standard output, ends in 1', async () => {
  const { stdout, stderr, exitCode } = await start([], { input: readFileSync(DUMP) });
  expect(stdout).toMatch(/^HANG/);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
});

test('reads a file; no colour in a pipe', async () => {
  const { stdout, exitCode } = await start([DUMP], { stdin: 'ignore' });
  expect(stdout).not.toContain('\x1b');
  expect(exitCode).toBe(1);
});

test('tells bad usage on standard error, ends in 2', async () => {
  const { stdout, stderr, exitCode } = await start(['no-such-file.txt']);
  expect(stderr).toContain('no such file');
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});

test('a reader that goes away is no error', async () => {
  const shell = `"${process.execPath}" "${PROGRAM}" --format json "${DUMP}" | head -1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await execa('bash', ['-c', shell], { reject: false });
  // 0 when the pipe closed under the report, 1 when all of it fitted in.
  expect(stdout).toMatch(/^\{\n[01]$/);
  expect(stderr).toBe('');
});

test('a closed pipe ends quietly with 0', async () => {
  const shell = `(sleep 1; cat "${DUMP}") | "${process.execPath}" "${PROGRAM}" --format json | exec 0<&-; echo "\${PIPESTATUS[1]}"`;
  const { stdout, stderr } = await execa('bash', ['-c', shell], { reject: false });
  expect(stdout).toBe('0');
  expect(stderr).toBe('');
});
