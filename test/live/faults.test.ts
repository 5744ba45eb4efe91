import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FaultBed, HUNG } from '../support/fault-bed.ts';
import { explainSkip, missingForLive, pythonFor } from '../support/live.ts';
import { startProcess } from '../support/processes.ts';

const missing = missingForLive('py-spy', 'gdb');
explainSkip('faults of a capture', missing);
const bed = new FaultBed(missing);

describe.skipIf(missing !== undefined)('a tool', () => {
  /** Only what the system needs to run at all. */
  const withoutTools = (): string => {
    const place = mkdtempSync(join(bed.folder, 'tools-'));
    for (const name of ['sh', 'uname', 'stat', 'id', 'node', 'env'])
      execFileSync('sh', ['-c', 'ln -s "$(command -v "$1")" "$2"', 'sh', name, place]);
    return place;
  };

  test('that is missing is named, with how to install it; /proc is read all the same', async () => {
    const ran = await bed.attach(withoutTools());
    expect(ran.stdout).toContain('py-spy is not installed here');
    expect(ran.stdout).toContain('pip install py-spy');
    expect(ran.stdout).toContain('gdb is not installed here');
    expect(ran.stdout).toContain('apt install gdb');
    expect(ran.stdout).toContain(`process ${bed.target.pid}`);
    expect(ran.exitCode).toBe(0);
    await bed.expectUnharmed(ran);
  });

  test('that hangs is ended in time, also when it refuses; the others answer', async () => {
    const ran = await bed.attach(
      bed.fakeTool('py-spy', 'trap "" TERM\nsleep 100 & sleep 100\nsleep 100'),
      '--timeout',
      '1',
    );
    expect(ran.stdout).toContain('py-spy on process');
    expect(ran.stdout).toContain('did not end within 1 s');
    expect(ran.stdout).toContain('gdb');
    expect(ran.seconds).toBeLessThan(30);
    await bed.expectUnharmed(ran);
  });

  test('that hangs while it holds the process lets go of it', async () => {
    const gdb = execFileSync('sh', ['-c', 'command -v gdb']).toString().trim();
    const script = `exec ${gdb} -nx -batch -p ${bed.target.pid} -ex 'shell sleep 100'`;
    const ran = await bed.attach(bed.fakeTool('gdb', script), '--timeout', '2');
    expect(ran.stdout).toContain('gdb on process');
    expect(ran.stdout).toContain('did not end within 2 s');
    await bed.expectUnharmed(ran);
  });

  test('that dies and leaves the process stopped is made good', async () => {
    const ran = await bed.attach(bed.fakeTool('gdb', `kill -STOP ${bed.target.pid}; exit 1`));
    expect(ran.stdout).toContain('gdb on process');
    await bed.expectUnharmed(ran);
  });

  test('that does not know this Python is said, and gdb shows the frames', async () => {
    const ran = await bed.attach(
      bed.fakeTool('py-spy', 'echo "Error: Unsupported version of Python: 3.99.0" >&2; exit 1'),
    );
    expect(ran.stdout).toContain('this version of the tool does not know the Python version');
    expect(ran.stdout).toContain('gdb');
    await bed.expectUnharmed(ran);
  });

  test('that prints nothing of use is quoted', async () => {
    const ran = await bed.attach(
      bed.fakeTool('py-spy', 'printf "Error: \\033[2Jout of luck\\n" >&2; exit 3'),
      '--tools',
      'py-spy',
    );
    expect(ran.stderr + ran.stdout).toContain('py-spy on process');
    expect(ran.stderr + ran.stdout).not.toContain('\x1b');
    expect(ran.exitCode).toBe(2);
    await bed.expectUnharmed(ran);
  });

  test('is ended when the user interrupts', async () => {
    const PATH = bed.fakeTool('py-spy', 'sleep 100');
    const started = startProcess(process.execPath, [...bed.program.slice(1), 'attach', `${bed.target.pid}`], {
      env: { PATH },
    });
    await started.waitFor(/looking at/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(started.pid, 'SIGINT');
    await started.waitFor(/interrupted: nothing is reported/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(started.child.exitCode).toBe(2);
    process.kill(bed.target.pid, 0);
    await started.stop();
  });
});

describe.skipIf(missing !== undefined)('a process', () => {
  test('that dies during the capture', async () => {
    const ran = await bed.attach(
      bed.fakeTool('py-spy', `kill -9 ${bed.target.pid}; sleep 0.2; echo "Error: No such process" >&2; exit 1`),
    );
    expect(ran.stdout).toContain('the process ended while it was looked at');
    expect(ran.orphans).toEqual([]);
  });

  test('that is stopped is said to be, is still read, and stays as it was', async () => {
    process.kill(bed.target.pid, 'SIGSTOP');
    const ran = await bed.attach();
    expect(ran.stdout).toContain('the process is stopped (state T)');
    expect(ran.stdout).toContain(`kill -CONT ${bed.target.pid}`);
    expect(ran.stdout).toContain('MainThread');
    await bed.expectUnharmed(ran, /^T$/);
    process.kill(bed.target.pid, 'SIGCONT');
  });

  test('that waits in the kernel and cannot be interrupted is read without stopping it', async () => {
    const library = join(bed.folder, 'spawn.so');
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
    const ran = await bed.whyhung(['attach', `${waiter.pid}`, '--interval', '0']);
    expect(ran.stdout).toContain('cannot be interrupted (state D)');
    expect(ran.stdout).toContain('MainThread');
    expect(ran.seconds).toBeLessThan(20);
    expect(ran.orphans).toEqual([]);
    await waiter.stop();
  });

  test('that another tracer holds', async () => {
    const tracer = startProcess('gdb', [
      '-nx',
      '-batch',
      '-p',
      `${bed.target.pid}`,
      '-ex',
      'shell echo HELD; sleep 100',
    ]);
    await tracer.waitFor(/HELD/);
    const ran = await bed.attach();
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
    const ran = await bed.whyhung(['attach', child, '--interval', '0']);
    expect(ran.stdout + ran.stderr).toContain('is a zombie: its parent');
    expect(ran.stdout + ran.stderr).toContain(`whyhung attach ${parent.pid}`);
    await parent.stop();
  });

  test('that is not there', async () => {
    const { stderr, stdout, exitCode } = await bed.whyhung(['attach', '4194301']);
    expect(stderr).toContain('process 4194301: there is no process with that number');
    expect(stderr).toContain('pgrep -af python');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });

  test('without Python leads to its child with one', async () => {
    const python = pythonFor({ python: '3.11', packages: [] }).executable;
    const shell = startProcess('sh', ['-c', '"$0" -c "print(\'READY\', flush=True); input()"; true', python]);
    await shell.waitFor(/READY|EOF/);
    const sleeper = startProcess('sh', ['-c', 'sleep 60; true']);
    const ran = await bed.whyhung(['attach', `${sleeper.pid}`, '--interval', '0']);
    expect(ran.stdout).toContain('there is no Python in the process');
    await sleeper.stop();
    await shell.stop();
  });

  test('by a name that nobody has, or that several have', async () => {
    const none = await bed.whyhung(['attach', 'no-such-service-anywhere']);
    expect(none.stderr).toContain('"no-such-service-anywhere": no process goes by that name');
    expect(none.exitCode).toBe(2);
    const script = join(bed.folder, 'twin_service.py');
    writeFileSync(script, HUNG);
    const twins = [1, 2].map(() => startProcess('python3', [script]));
    for (const twin of twins) await twin.waitFor(/READY/);
    const several = await bed.whyhung(['attach', 'twin_service']);
    expect(several.stderr).toContain('"twin_service": 2 processes go by that name');
    for (const twin of twins) expect(several.stderr).toContain(`${twin.pid}  `);
    await twins[0]?.stop();
    const one = await bed.whyhung(['attach', 'twin_service', '--interval', '0']);
    expect(one.stdout).toContain(`process ${twins[1]?.pid}`);
    await twins[1]?.stop();
  }, 120_000);
});
