import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT } from '../../src/reporters/json/report-schema.ts';
import { makeExecutable } from '../support/built-program.ts';
import { explainSkip, missingForLive, pythonFor, stateOf } from '../support/live.ts';
import { type Running, startProcess } from '../support/processes.ts';
import { runProgram } from '../support/run-program.ts';

const missing = missingForLive('py-spy', 'gdb');
explainSkip('attaching through a prefix', missing);
const isRoot = process.getuid?.() === 0;

/** The cycle of two locks that only the program's own frames tell. */
const HUNG = `
import threading
first, second = threading.Lock(), threading.Lock()
both = threading.Barrier(2)
def one():
    with first:
        both.wait()
        with second:
            pass
def other():
    with second:
        both.wait()
        print('READY', flush=True)
        with first:
            pass
thread = threading.Thread(target=one, name='one')
thread.start()
other()
`;

/** Odd words, each of which would leave a file behind if a shell read it. */
const ODD = [
  'a b',
  "it's",
  'say "hi"',
  '$(touch PWNED)',
  '`touch PWNED`',
  ';touch PWNED',
  'two\nlines',
  '*',
  '\\',
  '-x',
];

let folder = '';
let target: Running;

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'whyhung via '));
  const odd = join(folder, 'of $(touch PWNED) "x"\nand \'y\'');
  mkdirSync(join(odd, 'odd-1.2.dist-info'), { recursive: true });
  const script = join(odd, 'serve me.py');
  writeFileSync(script, HUNG);
  target = startProcess(pythonFor({ python: '3.11', packages: [] }).executable, [script, ...ODD], {
    cwd: folder,
    env: { PYTHONPATH: odd },
  });
  await target.waitFor(/READY/);
  fake(
    'kubectl',
    '[ "$1 $2 $3" = "exec my pod --" ] || { echo "Error from server: no pod" >&2; exit 1; }\nshift 3\nexec "$@"',
  );
  fake('docker', '[ "$1 $2" = "exec web" ] || exit 125\nshift 2\nexec "$@"');
  // As the real one does: the words are joined, and a shell on the other side reads them.
  fake('ssh', 'shift\nexec sh -c "$*"');
}, 120_000);

afterAll(async () => {
  await target?.stop();
  if (folder !== '') rmSync(folder, { recursive: true });
});

function fake(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  makeExecutable(join(folder, name));
}

const run = (...args: readonly string[]) => runProgram([...args, '--interval', '0'], { cwd: folder });

function expectUnharmed(): void {
  for (const place of [folder, process.cwd()]) expect(existsSync(join(place, 'PWNED')), place).toBe(false);
}

const PREFIXES: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a shell that hands its words on', `sh -c 'exec "$@"' sh`],
  ['kubectl, without the two dashes', 'FOLDER/kubectl exec "my pod"'],
  ['docker', 'FOLDER/docker exec web'],
  ['ssh', 'FOLDER/ssh host'],
  ['ssh from another host', 'FOLDER/ssh one FOLDER/ssh two'],
  ...(isRoot
    ? ([
        ['nsenter', `nsenter -t ${process.pid} -m -p`],
        ['unshare', 'unshare -m'],
      ] as const)
    : []),
];

// One after the other: a process has one tracer.
describe.skipIf(missing !== undefined)('through', () => {
  test.each(PREFIXES)('%s', { timeout: 180_000 }, async (_, prefix) => {
    // As a user would quote a folder with a blank in its name; a shell on the way reads it once more.
    const hops = prefix.split('ssh').length - 1;
    const via = prefix.replace(/FOLDER/g, (_found, at: number) => `'${hops > 1 && at > 0 ? `"${folder}"` : folder}'`);
    const options = via === '' ? [] : ['--via', via];
    const { stdout, stderr, code } = await run('attach', `${target.pid}`, '--format', 'json', ...options);
    expect(stderr).toContain('py-spy took');
    const report = REPORT.parse(JSON.parse(stdout));
    expect(report.hypotheses[0]?.rule).toBe('lock-order-cycle');
    expect(code).toBe(1);
    expect(report.processes[0]?.command).toContain('serve me.py');
    expect(await stateOf(target.pid)).toMatch(/^[SR]$/);
    expectUnharmed();
  });

  test('nothing that would hold it still', async () => {
    const { stdout, stderr } = await run('attach', `${target.pid}`, '--format', 'json', '--no-pause');
    expect(stderr).toContain('py-spy took');
    expect(stderr).not.toContain('gdb');
    expect(stderr).toContain('the process stood still for less than 5 ms');
    expect(REPORT.parse(JSON.parse(stdout)).processes[0]?.threads.length).toBe(2);
  });

  test('what leads nowhere is said, with what it said', async () => {
    const other = await run('attach', `${target.pid}`, '--via', `'${folder}/kubectl' exec other --`);
    expect(other.stderr).toMatch(/^--via ".*": leads nowhere \(Error from server: no pod\)\n {2}Try it by hand: /);
    expect(other.code).toBe(2);
    const none = await run('attach', `${target.pid}`, '--via', 'no-such-command-here');
    expect(none.stderr).toContain('leads nowhere (there is no such command here)');
    const open = await run('attach', `${target.pid}`, '--via', "ssh 'host");
    expect(open.stderr).toContain(`--via "ssh 'host": a quotation mark (') is not closed`);
    expectUnharmed();
  });

  test('a prefix is words, no script', async () => {
    const { stderr, code } = await run('attach', `${target.pid}`, '--via', 'echo $(touch PWNED); touch PWNED | sh');
    expect(code).toBe(2);
    expect(stderr).toContain('leads nowhere');
    expectUnharmed();
  });

  test.each([...ODD, 'no such $(touch PWNED)'])('the name %j is a name', async (name) => {
    const { code, stderr, stdout } = await runProgram(['attach', '--interval', '0', '--', name], { cwd: folder });
    // Some of them are words of the command line of the target.
    expect([0, 1, 2]).toContain(code);
    expect(stdout + stderr).not.toBe('');
    expectUnharmed();
  });
});

describe.skipIf(missing !== undefined)('an archive', () => {
  test('holds the raw dumps and a manifest, is private, and is diagnosed elsewhere', async () => {
    const name = "hang of $(touch PWNED) 'x'.tgz";
    const made = await run('capture', `${target.pid}`, '-o', name);
    expect(made.code).toBe(0);
    expect(made.stderr).toContain('dumps of 1 process in');
    expect(readdirSync(folder).filter((file) => file.endsWith('.part'))).toEqual([]);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const read = await runProgram([name, '--format', 'json'], { cwd: folder });
    const report = REPORT.parse(JSON.parse(read.stdout));
    expect(report.hypotheses[0]?.rule).toBe('lock-order-cycle');
    // The manifest is known, and nothing was left over.
    expect(report.warnings).toEqual([]);
    expectUnharmed();
  });

  test('is written here from what is captured there', async () => {
    const via = `sh -c 'exec "$@"' sh`;
    const made = await run('capture', `${target.pid}`, '-o', 'via.tgz', '--via', via);
    expect(made.code).toBe(0);
    const { stdout } = await runProgram(['via.tgz', '--format', 'json'], { cwd: folder });
    expect(REPORT.parse(JSON.parse(stdout)).hypotheses[0]?.rule).toBe('lock-order-cycle');
  });

  test('masks secrets in command lines and dumps', async () => {
    const script = join(folder, 'secretive.py');
    writeFileSync(script, HUNG);
    const secretive = startProcess('python3', [script, '--password', 'hunter2', '--db=postgres://app:hunter2@db/x']);
    await secretive.waitFor(/READY/);
    const made = await run('capture', `${secretive.pid}`, '-o', 'secret.tgz', '--locals');
    await secretive.stop();
    expect(made.code).toBe(0);
    const { expandArchive } = await import('../../src/cli/archives.ts');
    const { newBudget } = await import('../../src/cli/archive-budget.ts');
    const file = { name: 'secret.tgz', bytes: readFileSync(join(folder, 'secret.tgz')) };
    const members = (await expandArchive(file, newBudget()))?.members ?? [];
    expect(members.map((member) => member.name)).toContain('secret.tgz/capture/whyhung-capture.json');
    for (const { bytes, name } of members) expect(Buffer.from(bytes).toString(), name).not.toContain('hunter2');
  });
});
