import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildProgram, type Ended, makeExecutable, runMarked } from '../support/built-program.ts';
import { explainSkip, missingForLive, pythonFor, stateOf, tracerOf } from '../support/live.ts';
import { type Running, startProcess } from '../support/processes.ts';

const missing = missingForLive('py-spy', 'gdb');
explainSkip('faults of a capture', missing);

const isRoot = process.getuid?.() === 0;
explainSkip('captures without rights and on full disks', isRoot ? undefined : 'they need root to be set up');

/** Waits for ever for a lock that it holds itself. */
const HUNG = `
import threading
lock = threading.Lock()
def wait():
    with lock:
        print('READY', flush=True)
        lock.acquire()
wait()
`;

let program: readonly [string, string];
let folder = '';
let target: Running;

beforeAll(async () => {
  if (missing !== undefined) return;
  program = await buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'whyhung-live-'));
  for (const name of ['out', 'none']) mkdirSync(join(folder, name));
}, 120_000);

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  if (missing !== undefined) return undefined;
  target = startProcess(pythonFor({ python: '3.11', packages: [] }).executable, ['-c', HUNG]);
  await target.waitFor(/READY/);
  return () => target.stop();
});

/** A folder for PATH in which a tool is what the script says. */
function fakeTool(name: string, script: string): string {
  const place = mkdtempSync(join(folder, 'tools-'));
  const file = join(place, name);
  writeFileSync(file, `#!/bin/sh\n[ "$1" = --version ] && { echo "${name} 1.0"; exit 0; }\n${script}\n`);
  makeExecutable(file);
  return [place, process.env.PATH].join(delimiter);
}

const whyhung = (args: readonly string[], PATH = process.env.PATH): Promise<Ended> =>
  runMarked([...program, ...args], { env: { PATH }, cwd: folder });

const attach = (PATH?: string, ...options: readonly string[]): Promise<Ended> =>
  whyhung(['attach', `${target.pid}`, '--interval', '0', ...options], PATH);

/** Runs on as before, and nothing is left of those that looked at it. */
async function expectUnharmed({ orphans }: Ended, state = /^[SR]$/): Promise<void> {
  expect(await stateOf(target.pid)).toMatch(state);
  expect(await tracerOf(target.pid)).toBe(0);
  expect(target.child.exitCode).toBe(null);
  expect(orphans).toEqual([]);
  expect(readdirSync(join(folder, 'out'))).toEqual([]);
}

describe.skipIf(missing !== undefined)('a tool', () => {
  /** Only what the system needs to run at all. */
  const withoutTools = (): string => {
    const place = mkdtempSync(join(folder, 'tools-'));
    for (const name of ['sh', 'uname', 'stat', 'id', 'node', 'env'])
      execFileSync('sh', ['-c', 'ln -s "$(command -v "$1")" "$2"', 'sh', name, place]);
    return place;
  };

  test('that is missing is named, with how to install it; /proc is read all the same', async () => {
    const ran = await attach(withoutTools());
    expect(ran.stdout).toContain('py-spy is not installed here');
    expect(ran.stdout).toContain('pip install py-spy');
    expect(ran.stdout).toContain('gdb is not installed here');
    expect(ran.stdout).toContain('apt install gdb');
    expect(ran.stdout).toContain(`process ${target.pid}`);
    expect(ran.exitCode).toBe(0);
    await expectUnharmed(ran);
  });

  test('that hangs is ended in time, also when it refuses; the others answer', async () => {
    const ran = await attach(fakeTool('py-spy', 'trap "" TERM\nsleep 100 & sleep 100\nsleep 100'), '--timeout', '1');
    expect(ran.stdout).toContain('py-spy on process');
    expect(ran.stdout).toContain('did not end within 1 s');
    expect(ran.stdout).toContain('gdb');
    expect(ran.seconds).toBeLessThan(30);
    await expectUnharmed(ran);
  });

  test('that hangs while it holds the process lets go of it', async () => {
    const gdb = execFileSync('sh', ['-c', 'command -v gdb']).toString().trim();
    const script = `exec ${gdb} -nx -batch -p ${target.pid} -ex 'shell sleep 100'`;
    const ran = await attach(fakeTool('gdb', script), '--timeout', '2');
    expect(ran.stdout).toContain('gdb on process');
    expect(ran.stdout).toContain('did not end within 2 s');
    await expectUnharmed(ran);
  });

  test('that dies and leaves the process stopped is made good', async () => {
    const ran = await attach(fakeTool('gdb', `kill -STOP ${target.pid}; exit 1`));
    expect(ran.stdout).toContain('gdb on process');
    await expectUnharmed(ran);
  });

  test('that does not know this Python is said, and gdb shows the frames', async () => {
    const ran = await attach(fakeTool('py-spy', 'echo "Error: Unsupported version of Python: 3.99.0" >&2; exit 1'));
    expect(ran.stdout).toContain('this version of the tool does not know the Python version');
    expect(ran.stdout).toContain('gdb');
    await expectUnharmed(ran);
  });

  test('that prints nothing of use is quoted', async () => {
    const ran = await attach(
      fakeTool('py-spy', 'printf "Error: \\033[2Jout of luck\\n" >&2; exit 3'),
      '--tools',
      'py-spy',
    );
    expect(ran.stderr + ran.stdout).toContain('py-spy on process');
    expect(ran.stderr + ran.stdout).not.toContain('\x1b');
    expect(ran.exitCode).toBe(2);
    await expectUnharmed(ran);
  });

  test('is ended when the user interrupts', async () => {
    const PATH = fakeTool('py-spy', 'sleep 100');
    const started = startProcess(program[0], [program[1], 'attach', `${target.pid}`], { env: { PATH } });
    await started.waitFor(/looking at/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(started.pid, 'SIGINT');
    await started.waitFor(/interrupted: nothing is reported/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(started.child.exitCode).toBe(2);
    process.kill(target.pid, 0);
    await started.stop();
  });
});

describe.skipIf(missing !== undefined)('a process', () => {
  test('that dies during the capture', async () => {
    const ran = await attach(
      fakeTool('py-spy', `kill -9 ${target.pid}; sleep 0.2; echo "Error: No such process" >&2; exit 1`),
    );
    expect(ran.stdout).toContain('the process ended while it was looked at');
    expect(ran.orphans).toEqual([]);
  });

  test('that is stopped is said to be, is still read, and stays as it was', async () => {
    process.kill(target.pid, 'SIGSTOP');
    const ran = await attach();
    expect(ran.stdout).toContain('the process is stopped (state T)');
    expect(ran.stdout).toContain(`kill -CONT ${target.pid}`);
    expect(ran.stdout).toContain('MainThread');
    await expectUnharmed(ran, /^T$/);
    process.kill(target.pid, 'SIGCONT');
  });

  test('that waits in the kernel and cannot be interrupted is read without stopping it', async () => {
    const library = join(folder, 'spawn.so');
    // The parent of vfork() sleeps like that until the child ends.
    const source = '#include <unistd.h>\nvoid spawn(void) { if (vfork() == 0) { sleep(60); _exit(0); } }';
    execFileSync('cc', ['-shared', '-fPIC', '-w', '-x', 'c', '-o', library, '-'], { input: source });
    const waiter = startProcess(pythonFor({ python: '3.11', packages: [] }).executable, [
      '-c',
      `import ctypes, sys\nprint('READY', flush=True)\nctypes.CDLL(sys.argv[1]).spawn()`,
      library,
    ]);
    await waiter.waitFor(/READY/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ran = await whyhung(['attach', `${waiter.pid}`, '--interval', '0']);
    expect(ran.stdout).toContain('cannot be interrupted (state D)');
    expect(ran.stdout).toContain('MainThread');
    expect(ran.seconds).toBeLessThan(20);
    expect(ran.orphans).toEqual([]);
    await waiter.stop();
  });

  test('that another tracer holds', async () => {
    const tracer = startProcess('gdb', ['-nx', '-batch', '-p', `${target.pid}`, '-ex', 'shell echo HELD; sleep 100']);
    await tracer.waitFor(/HELD/);
    const ran = await attach();
    expect(ran.stdout).toMatch(/another debugger or tracer, process \d+, already\s+holds the process/);
    expect(ran.orphans).toEqual([]);
    await tracer.stop();
  });

  test('that is a zombie leads to its parent', async () => {
    const parent = startProcess('python3', [
      '-c',
      "import os, time; print('CHILD', os.fork() or os._exit(0), flush=True); time.sleep(60)",
    ]);
    const child = (await parent.waitFor(/CHILD (\d+)/))[1] ?? '';
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ran = await whyhung(['attach', child, '--interval', '0']);
    expect(ran.stdout + ran.stderr).toContain('is a zombie: its parent');
    expect(ran.stdout + ran.stderr).toContain(`whyhung attach ${parent.pid}`);
    await parent.stop();
  });

  test('that is not there', async () => {
    const { stderr, stdout, exitCode } = await whyhung(['attach', '4194301']);
    expect(stderr).toContain('process 4194301: there is no process with that number');
    expect(stderr).toContain('pgrep -af python');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });

  test('without Python leads to its child with one', async () => {
    const python = pythonFor({ python: '3.11', packages: [] }).executable;
    const shell = startProcess('sh', ['-c', '"$0" -c "print(\'READY\', flush=True); input()"; true', python]);
    await shell.waitFor(/READY|EOF/);
    const sleeper = startProcess('sh', ['-c', 'sleep 60; true']);
    const ran = await whyhung(['attach', `${sleeper.pid}`, '--interval', '0']);
    expect(ran.stdout).toContain('there is no Python in the process');
    await sleeper.stop();
    await shell.stop();
  });

  test('by a name that nobody has, or that several have', async () => {
    const none = await whyhung(['attach', 'no-such-service-anywhere']);
    expect(none.stderr).toContain('"no-such-service-anywhere": no process goes by that name');
    expect(none.exitCode).toBe(2);
    const script = join(folder, 'twin_service.py');
    writeFileSync(script, HUNG);
    const twins = [1, 2].map(() => startProcess('python3', [script]));
    for (const twin of twins) await twin.waitFor(/READY/);
    const several = await whyhung(['attach', 'twin_service']);
    expect(several.stderr).toContain('"twin_service": 2 processes go by that name');
    for (const twin of twins) expect(several.stderr).toContain(`${twin.pid}  `);
    await twins[0]?.stop();
    const one = await whyhung(['attach', 'twin_service', '--interval', '0']);
    expect(one.stdout).toContain(`process ${twins[1]?.pid}`);
    await twins[1]?.stop();
  }, 120_000);
});

describe.skipIf(missing !== undefined || !isRoot)('rights', () => {
  const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

  test('of another user do not suffice: /proc alone is read, and the way out is said', async () => {
    const ran = await runMarked([...asNobody, ...program, 'attach', `${target.pid}`, '--interval', '0'], {
      env: { PATH: process.env.PATH },
      cwd: '/',
    });
    expect(ran.stdout).toMatch(/the process belongs to another user \(0\), and reading it\s+takes that user or root/);
    expect(ran.stdout).toContain('sudo env');
    // One answer, not one for each tool.
    expect(ran.stdout.match(/no right to read/g)).toHaveLength(1);
    expect(ran.stdout).toContain(`process ${target.pid}`);
    expect(ran.exitCode).toBe(0);
    await expectUnharmed(ran);
  });

  test('of root without the capability', async () => {
    const bound = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace', '--'];
    const other = startProcess('sleep', ['60'], { uid: 65534 });
    const ran = await runMarked([...bound, ...program, 'attach', `${other.pid}`, '--interval', '0'], {
      env: { PATH: process.env.PATH },
      cwd: '/',
    });
    expect(ran.stdout).toContain('root lacks the capability SYS_PTRACE here');
    expect(ran.stdout).toContain('--cap-add SYS_PTRACE');
    expect(await stateOf(other.pid)).toMatch(/^[SR]$/);
    await other.stop();
  });

  test('to a /proc that hides the processes of others', async () => {
    const hide = ['unshare', '-m', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];
    const { stderr, exitCode } = await runMarked([...hide, ...asNobody, ...program, 'attach', `${target.pid}`], {
      env: { PATH: process.env.PATH },
      cwd: '/',
    });
    expect(stderr).toContain('/proc hides the processes of other users here');
    expect(exitCode).toBe(2);
  });

  test('in another pid namespace: the number there leads to the number here', async () => {
    const python = pythonFor({ python: '3.11', packages: [] }).executable;
    // A number that nobody has out here.
    let last = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) - 60;
    while (existsSync(`/proc/${last + 1}`)) last -= 1;
    const start = `echo ${last} > /proc/sys/kernel/ns_last_pid; "$@" & wait`;
    const space = startProcess('unshare', ['-pf', '--mount-proc', 'sh', '-c', start, 'sh', python, '-c', HUNG]);
    await space.waitFor(/READY/);
    const inside = await whyhung(['attach', `${last + 1}`, '--interval', '0']);
    const outer = /inside a container it is the number of process (\d+)/.exec(inside.stderr)?.[1] ?? '';
    expect(inside.stderr).toContain(`whyhung attach ${outer}`);
    const outside = await whyhung(['attach', outer, '--interval', '0']);
    expect(outside.stdout).toContain('MainThread');
    expect(outside.stderr).toContain('gdb took');
    expect(await stateOf(Number(outer))).toMatch(/^[SR]$/);
    await space.stop();
  });

  test('to a /proc that is not there', async () => {
    const via = `unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh`;
    const { stderr, exitCode } = await whyhung(['attach', `${target.pid}`, '--via', via]);
    expect(stderr).toContain('there is no /proc where');
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(missing !== undefined)('the archive', () => {
  test.skipIf(!isRoot)('does not fit on a full disk: nothing is left behind', async () => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', disk]);
    writeFileSync(join(disk, 'full'), 'x'.repeat(8192));
    try {
      const ran = await whyhung(['capture', `${target.pid}`, '-o', join(disk, 'hang.tgz'), '--interval', '0']);
      expect(ran.stderr).toContain('hang.tgz: cannot be written: the disk is full');
      expect(ran.exitCode).toBe(2);
      expect(readdirSync(disk)).toEqual(['full']);
      await expectUnharmed(ran);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('needs a folder that is there', async () => {
    const ran = await whyhung(['capture', `${target.pid}`, '-o', 'no/such/hang.tgz', '--interval', '0']);
    expect(ran.stderr).toContain('no/such/hang.tgz: cannot be written: there is no such folder');
    expect(ran.exitCode).toBe(2);
    await expectUnharmed(ran);
  });

  test('is not written where nothing was captured', async () => {
    const { stderr, exitCode } = await whyhung(['capture', '4194301', '-o', join(folder, 'out', 'hang.tgz')]);
    expect(stderr).toContain('there is no process with that number');
    expect(exitCode).toBe(2);
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
  });
});
