import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runMarked } from '../support/built-program.ts';
import { FaultBed, HUNG } from '../support/fault-bed.ts';
import { explainSkip, missingForLive, pythonFor, stateOf } from '../support/live.ts';
import { startProcess } from '../support/processes.ts';

const missing = missingForLive('py-spy', 'gdb');
const isRoot = process.getuid?.() === 0;
explainSkip(
  'captures without rights and on full disks',
  missing ?? (isRoot ? undefined : 'root is needed to set them up'),
);
const bed = new FaultBed(missing);

describe.skipIf(missing !== undefined || !isRoot)('rights', () => {
  const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

  test('of another user do not suffice: /proc alone is read, and the way out is said', async () => {
    const ran = await runMarked([...asNobody, ...bed.program, 'attach', `${bed.target.pid}`, '--interval', '0'], {
      env: { PATH: process.env.PATH },
      cwd: '/',
    });
    expect(ran.stdout).toMatch(/the process belongs to another user \(0\), and reading it\s+takes that user or root/);
    expect(ran.stdout).toContain('sudo env');
    // One answer, not one for each tool.
    expect(ran.stdout.match(/no right to read/g)).toHaveLength(1);
    expect(ran.stdout).toContain(`process ${bed.target.pid}`);
    expect(ran.exitCode).toBe(0);
    await bed.expectUnharmed(ran);
  });

  test('of root without the capability', async () => {
    const bound = ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace', '--'];
    const other = startProcess('sleep', ['60'], { uid: 65534 });
    const ran = await runMarked([...bound, ...bed.program, 'attach', `${other.pid}`, '--interval', '0'], {
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
    const { stderr, exitCode } = await runMarked(
      [...hide, ...asNobody, ...bed.program, 'attach', `${bed.target.pid}`],
      {
        env: { PATH: process.env.PATH },
        cwd: '/',
      },
    );
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
    const inside = await bed.whyhung(['attach', `${last + 1}`, '--interval', '0']);
    const outer = /inside a container it is the number of process (\d+)/.exec(inside.stderr)?.[1] ?? '';
    expect(inside.stderr).toContain(`whyhung attach ${outer}`);
    const outside = await bed.whyhung(['attach', outer, '--interval', '0']);
    expect(outside.stdout).toContain('MainThread');
    expect(outside.stderr).toContain('gdb took');
    expect(await stateOf(Number(outer))).toMatch(/^[SR]$/);
    await space.stop();
  });

  test('to a /proc that is not there', async () => {
    const via = `unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh`;
    const { stderr, exitCode } = await bed.whyhung(['attach', `${bed.target.pid}`, '--via', via]);
    expect(stderr).toContain('there is no /proc where');
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(missing !== undefined)('the archive', () => {
  test.skipIf(!isRoot)('does not fit on a full disk: nothing is left behind', async () => {
    const disk = mkdtempSync(join(bed.folder, 'disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', disk]);
    writeFileSync(join(disk, 'full'), 'x'.repeat(8192));
    try {
      const ran = await bed.whyhung(['capture', `${bed.target.pid}`, '-o', join(disk, 'hang.tgz'), '--interval', '0']);
      expect(ran.stderr).toContain('hang.tgz: cannot be written: the disk is full');
      expect(ran.exitCode).toBe(2);
      expect(readdirSync(disk)).toEqual(['full']);
      await bed.expectUnharmed(ran);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('needs a folder that is there', async () => {
    const ran = await bed.whyhung(['capture', `${bed.target.pid}`, '-o', 'no/such/hang.tgz', '--interval', '0']);
    expect(ran.stderr).toContain('no/such/hang.tgz: cannot be written: there is no such folder');
    expect(ran.exitCode).toBe(2);
    await bed.expectUnharmed(ran);
  });

  test('is not written where nothing was captured', async () => {
    const { stderr, exitCode } = await bed.whyhung(['capture', '4194301', '-o', join(bed.folder, 'out', 'hang.tgz')]);
    expect(stderr).toContain('there is no process with that number');
    expect(exitCode).toBe(2);
    expect(readdirSync(bed.out)).toEqual([]);
  });
});
