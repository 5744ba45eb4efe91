import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainSkip, missingForLive } from '../support/live.ts';
import { type Bench, makeBench, PROGRAMS, startLive } from '../support/run-under.ts';

const missing = missingForLive('python3');
explainSkip('whyhung run', missing);

let bench: Bench;

beforeAll(async () => {
  if (missing === undefined) bench = await makeBench();
}, 200_000);

afterAll(() => bench?.remove());

const run = (...command: readonly string[]) => bench.whyhung(['run', '--', ...command]);
const sh = (script: string) => run('sh', '-c', script);

describe.skipIf(missing !== undefined)('a command that does not hang', () => {
  test.each([0, 1, 2, 7, 124, 127, 255])('ends in %d', async (code) => {
    expect(await sh(`exit ${code}`)).toMatchObject({ exitCode: code, stdout: '', stderr: '', orphans: [] });
  });

  test.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGUSR1'])('dies of %s', async (signal) => {
    expect(await sh(`kill -${signal.slice(3)} $$`)).toMatchObject({ exitCode: undefined, signal, stderr: '' });
  });

  test('dies of SIGSEGV without a core file of this program', async () => {
    const { exitCode, signal } = await bench.whyhung(['run', '--', 'sh', '-c', 'kill -SEGV $$'], { shell: false });
    expect(signal === 'SIGSEGV' || exitCode === 139).toBe(true);
  });

  test('writes the same bytes to the same streams', async () => {
    const script = 'import os\nos.write(1, bytes(range(256)) * 4096)\nos.write(2, b"\\xff\\x00err")';
    const file = join(bench.folder, 'out.bin');
    const line = `"$@" run -- python3 -c '${script}' >"${file}" 2>"${file}.err"`;
    execFileSync('sh', ['-c', line, 'sh', ...bench.command([])]);
    expect(execFileSync('sh', ['-c', `wc -c <"${file}"; cksum <"${file}"; od -An -tx1 "${file}.err"`]).toString()).toBe(
      execFileSync('python3', [
        '-c',
        'import subprocess as s; b = bytes(range(256)) * 4096; print(len(b)); print(s.run(["cksum"], input=b, capture_output=True).stdout.decode(), end=""); print(" ff 00 65 72 72")',
      ]).toString(),
    );
  });

  test('reads standard input', async () => {
    const input = 'one\ntwo\0three';
    const { stdout } = await bench.whyhung(['run', '--', 'cat'], { stdin: undefined, input });
    expect(stdout).toBe(input);
  });

  test('leaves a shared pipe as it was: blocking', async () => {
    const { stdout } = await run('python3', '-c', 'import os; print([os.get_blocking(n) for n in (0, 1, 2)])');
    expect(stdout).toBe('[True, True, True]');
  });

  test('gets descriptors above 2, as from <(…)', () => {
    const line = `"$@" run -- cat <(echo from a descriptor)`;
    const printed = execFileSync('bash', ['-c', line, 'bash', ...bench.command([])]).toString();
    expect(printed).toBe('from a descriptor\n');
  });

  test('gets the environment, and one more variable', async () => {
    const { stdout } = await bench.whyhung(['run', '--', 'env', '-0'], { env: { ODD: ' a=b\n"$(x)" ' } });
    const variables = stdout.split('\0');
    expect(variables).toContain('ODD= a=b\n"$(x)" ');
    expect(variables.filter((variable) => variable.startsWith('WHYHUNG_RUN_'))).toHaveLength(1);
  });

  test('may leave a daemon behind on purpose', async () => {
    const { stdout, exitCode, orphans } = await sh('(setsid sleep 30 >/dev/null 2>&1 & echo $!); exit 0');
    process.kill(Number(stdout), 'SIGKILL');
    expect({ exitCode, orphans }).toEqual({ exitCode: 0, orphans: ['sleep\x0030\0'] });
  });

  test('may run this program itself', async () => {
    const { stdout, exitCode } = await run(
      ...bench.command(['run', '--', 'sh', '-c', 'env | grep -c WHYHUNG_RUN_; exit 5']),
    );
    expect({ stdout, exitCode }).toEqual({ stdout: '2', exitCode: 5 });
  });
});

describe.skipIf(missing !== undefined)('arguments are data', () => {
  test.each([
    ['a b'],
    ["it's"],
    ['"quoted"'],
    ['line\nline'],
    ['$(touch injected)'],
    ['`touch injected`'],
    ['; touch injected'],
    ['*'],
    ['--timeout'],
    ['--'],
    [''],
    ['ünï'],
  ])('%j', async (argument) => {
    const { stdout, exitCode } = await run('python3', '-c', 'import sys; print(sys.argv[1:])', argument, 'end');
    const expected = execFileSync('python3', ['-c', 'import sys; print(sys.argv[1:])', argument, 'end']).toString();
    expect({ stdout, exitCode }).toEqual({ stdout: expected.trimEnd(), exitCode: 0 });
    expect(execFileSync('ls', [bench.folder]).toString()).not.toContain('injected');
  });

  test('options behind the command are its own, also without --', async () => {
    const { stdout } = await bench.whyhung([
      'run',
      'python3',
      '-c',
      'import sys; print(sys.argv[1:])',
      '--stall',
      '-v',
    ]);
    expect(stdout).toBe("['--stall', '-v']");
  });
});

describe.skipIf(missing !== undefined)('a command that cannot be started', () => {
  test.each([
    ['no-such-command', 127, /^no-such-command: no such command\n {2}Check the name and PATH/],
    ['./none', 127, /^\.\/none: no such command\n {2}Check the path/],
    ['./plain.txt', 126, /^\.\/plain\.txt: no right to run it\n {2}chmod \+x/],
    ['./folder', 126, /^\.\/folder: a folder, not a program\n/],
    ['./orphaned', 126, /^\.\/orphaned: the program that its first line names does not exist/],
    ['new\nline', 127, /^new\\nline: no such command\n/],
  ])('%j ends in %d', async (command, exitCode, message) => {
    mkdirSync(join(bench.folder, 'folder'), { recursive: true });
    writeFileSync(join(bench.folder, 'plain.txt'), 'no program\n');
    writeFileSync(join(bench.folder, 'orphaned'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const ended = await run(command);
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
  });

  test.each([
    [['run'], /missing required argument 'command'/],
    [['run', '--timeout', 'soon', '--', 'true'], /Give a time such as 90s/],
    [
      ['run', '--report-dir', '/dev/null/x', '--', 'touch', 'started'],
      /--report-dir \/dev\/null\/x: cannot be written/,
    ],
  ])('%j ends in 2, before anything is started', async (args, message) => {
    const { stderr, exitCode } = await bench.whyhung(args);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
    expect(execFileSync('ls', [bench.folder]).toString()).not.toContain('started');
  });
});

describe.skipIf(missing !== undefined)('signals', () => {
  const COUNT = join(PROGRAMS, 'count_signals.py');

  test.each(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s is passed on once, and the command decides',
    async (signal) => {
      const { child, ended, waitFor, printed } = startLive(bench.command(['run', '--', 'python3', COUNT]));
      await waitFor(/READY/);
      child.kill(signal);
      await waitFor(/got/);
      expect(await ended).toEqual({ code: 40, signal: null });
      expect(printed()).toBe(`READY\ngot ${signal} 1 times\n`);
    },
  );

  test('SIGTERM lets the command end in its own way', async () => {
    const { child, ended, waitFor, printed } = startLive(bench.command(['run', '--', 'python3', COUNT]));
    await waitFor(/READY/);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 40, signal: null });
    expect(printed()).toContain('got SIGTERM 1 times');
  });

  test.skipIf(isOrphaned())('SIGTSTP stops both, SIGCONT lets both go on', async () => {
    const { child, ended, waitFor } = startLive(
      bench.command(['run', '--', 'python3', '-c', 'import time; print("READY", flush=True); time.sleep(8)']),
    );
    await waitFor(/READY/);
    const states = (): string =>
      execFileSync('ps', ['-o', 'state=', '-p', `${child.pid}`, '--ppid', `${child.pid}`]).toString();
    child.kill('SIGTSTP');
    await expect.poll(states, { timeout: 10_000 }).toBe('T\nT\n');
    child.kill('SIGCONT');
    await expect.poll(states, { timeout: 10_000 }).not.toContain('T');
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  test('a terminal stays one: no signal comes twice, Ctrl-Z and fg work', () => {
    const printed = execFileSync('python3', [join(PROGRAMS, 'terminal.py'), COUNT, ...bench.command(['run', '--'])], {
      timeout: 60_000,
    }).toString();
    expect(JSON.parse(printed)).toEqual({ terminal: '[True, True, True]', interrupts: 1, stopped: true, code: 40 });
  });
});

/** In a process group that nobody controls the kernel does not let SIGTSTP stop anybody. */
function isOrphaned(): boolean {
  const script = 'sleep 5 & kill -TSTP $!; sleep 0.3; ps -o state= -p $!; kill -KILL $!';
  const orphaned = !execFileSync('bash', ['-c', script]).toString().startsWith('T');
  explainSkip('SIGTSTP', orphaned ? 'the process group of the tests is an orphan, and cannot be stopped' : undefined);
  return orphaned;
}
