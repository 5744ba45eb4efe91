import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT } from '../../src/reporters/json/report-schema.ts';
import { runProgram } from '../support/run-program.ts';

const HUNG = `Process 8412: /usr/bin/python3 serve.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 8412 (idle): "MainThread"
    term (zmq/sugar/context.py:264)
    __del__ (zmq/sugar/context.py:140)
    tokenize (client.py:55)
`;
const NO_RIGHTS =
  'Permission Denied: Try running again with elevated permissions by going \'sudo env "PATH=$PATH" !!\'\n';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyhung-'));
  mkdirSync(join(folder, 'job/rank1'), { recursive: true });
  writeFileSync(join(folder, 'hung.txt'), HUNG);
  writeFileSync(join(folder, 'job/rank1/py-spy.txt'), HUNG.replaceAll('8412', '17'));
  for (const name of ['a.py', 'b.py', 'c.py']) writeFileSync(join(folder, 'job', name), 'print(1)\n');
  writeFileSync(join(folder, 'prose.txt'), 'Hello all,\nit hangs.\n');
  writeFileSync(join(folder, 'core'), new Uint8Array([0x7f, 0x45, 0x4c, 0x46, ...new Array(12).fill(0), 4, 0, 0, 0]));
  writeFileSync(
    join(folder, 'noise.bin'),
    Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 31),
  );
  writeFileSync(join(folder, 'dump.gz'), new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
  symlinkSync(join(folder, 'hung.txt'), join(folder, 'same.txt'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => runProgram(names, { cwd: folder });

describe('input', () => {
  test('from standard input, asked for or not', async () => {
    for (const names of [[], ['-']]) {
      const { code, stdout, stderr } = await runProgram(names, { stdin: HUNG });
      expect(stdout).toMatch(/^HANG {2}likely/);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    }
  });

  test('as UTF-16, as Windows shells write it', async () => {
    const { stdout } = await runProgram([], { stdin: Buffer.from(`\ufeff${HUNG}`, 'utf16le') });
    expect(stdout).toMatch(/^HANG/);
  });

  test.each([['job'], ['job/**/*.txt'], ['job/rank1/py-spy.txt']])('from %s', async (name) => {
    const { code, stdout } = await at(name);
    expect(stdout).toContain('process 17');
    expect(code).toBe(1);
  });

  test('the same file twice is one moment, not two without movement', async () => {
    const { stdout } = await at('hung.txt', 'hung.txt', './hung.txt', 'same.txt');
    expect(stdout).toContain('1 moment');
  });

  test('files of a folder that hold no dump are told in one line', async () => {
    const { stdout } = await at('job');
    expect(stdout).toContain('3 files hold no dump in any known format: job/a.py, job/b.py, job/c.py');
  });

  test('bad input beside good input is a warning, not a loss', async () => {
    const { code, stdout, stderr } = await at('missing.txt', 'hung.txt', 'core');
    expect(stdout).toMatch(/^HANG/);
    expect(stdout).toContain('missing.txt: cannot be read: no such file or folder');
    expect(stdout).toContain('core: a core file, not text');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  test.each([
    ['missing.txt', 'missing.txt: cannot be read: no such file or folder\n  Check the path.'],
    ['8412', '8412: cannot be read: no such file or folder\n  To look at the process 8412: whyhung attach 8412\n'],
    ['prose.txt', 'prose.txt: not a dump in any known format (line 1: "Hello all,")\n  Capture one with: py-spy dump'],
    ['core', 'core: a core file, not text\n  Print its stacks first: py-spy dump --core'],
    ['dump.gz', 'dump.gz: cannot be read: the gzip archive is damaged (it ends early)\n  Copy it again'],
    ['noise.bin', 'noise.bin: binary data, not text\n'],
    ['none/*.txt', 'none/*.txt: no file there\n'],
    ['hung.txt/x', 'hung.txt/x: cannot be read: a part of its path is a file'],
  ])('%s alone is said to be bad: what, where, what to do', async (name, message) => {
    const { code, stdout, stderr } = await at(name);
    expect(stderr.startsWith(message), stderr).toBe(true);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a program gets its report even then', async () => {
    const { code, stdout, stderr } = await at('--format', 'json', 'prose.txt');
    const report = REPORT.parse(JSON.parse(stdout));
    expect(report.verdict).toBe('unknown');
    expect(report.warnings.map((warning) => warning.code)).toEqual(['no-dump']);
    expect(stderr).toContain('not a dump');
    expect(code).toBe(2);
  });

  test('the error of a capture tool is an answer', async () => {
    const { code, stdout } = await runProgram([], { stdin: NO_RIGHTS });
    expect(stdout).toMatch(/^UNKNOWN[\s\S]*no right to read the process[\s\S]*sudo/);
    expect(code).toBe(0);
  });

  test('nothing given at a keyboard: the help, instead of waiting', async () => {
    const { code, stdout, stderr } = await runProgram([], { interactive: true });
    expect(stderr).toContain('py-spy dump --pid 8412 | whyhung');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('options', () => {
  test.each([
    ['never', 0],
    ['suspect', 1],
    ['hang', 1],
  ])('--fail-on %s ends a hang with %d', async (verdict, expected) => {
    const { code } = await runProgram(['--fail-on', verdict], { stdin: HUNG });
    expect(code).toBe(expected);
  });

  test.each([
    ['a terminal', [], {}, true, true],
    ['a pipe', [], {}, false, false],
    ['NO_COLOR', [], { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR', [], { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR', [], { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0', [], { FORCE_COLOR: '0' }, true, false],
    ['a dumb terminal', [], { TERM: 'dumb' }, true, false],
    ['--no-color', ['--no-color'], { FORCE_COLOR: '1' }, true, false],
    ['--color', ['--color'], { NO_COLOR: '1' }, false, true],
  ])('colour: %s', async (_what, argv, env, terminal, colored) => {
    const { stdout } = await runProgram(argv, { stdin: HUNG, env, terminal });
    expect(stdout.includes('\x1b[')).toBe(colored);
  });

  test.each([
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, false],
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{}, true],
  ])('signs for the locale %j', async (env, unicode) => {
    const { stdout } = await runProgram([], { stdin: HUNG, env });
    expect(stdout.includes('▶')).toBe(unicode);
  });

  test.each([
    [['--width', '60'], 60, undefined],
    [[], 50, 50],
  ])('%j: lines of %d columns', async (argv, expected, columns) => {
    const { stdout } = await runProgram(argv, {
      stdin: HUNG,
      terminal: true,
      env: { NO_COLOR: '1' },
      ...(columns === undefined ? {} : { columns }),
    });
    const prose = stdout.split('\n').filter((line) => !/gdb -p|kill|python -X/.test(line));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(expected);
  });

  test.each([
    [['--format', 'jsn'], 'Allowed choices are dot, json, mermaid, text'],
    [['--fail-on', 'always'], 'Allowed choices are never, suspect, hang'],
    [['--width', 'wide'], 'Give a number of columns'],
    [['--colour'], 'Did you mean --color?'],
  ])('%j is refused, and the way out named', async (argv, message) => {
    const { code, stdout, stderr } = await runProgram(argv, { stdin: HUNG });
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('-v shows whole stacks', async () => {
    const { stdout } = await runProgram(['-v'], { stdin: HUNG });
    expect(stdout).toContain('https://github.com/zeromq/pyzmq/issues/1003');
  });

  test.each([
    ['--help', /Usage: whyhung[\s\S]*Examples:[\s\S]*Exit codes:/],
    ['--version', /^\d+\.\d+\.\d+\n$/],
  ])('%s', async (flag, expected) => {
    const { code, stdout } = await runProgram([flag]);
    expect(stdout).toMatch(expected);
    expect(code).toBe(0);
  });
});
