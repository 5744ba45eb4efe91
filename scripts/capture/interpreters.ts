import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { CACHE, type Recipe } from './recipe.ts';

export interface Python {
  readonly executable: string;
  /** Where it was installed; undefined for the system's own. */
  readonly prefix: string | undefined;
  readonly venv: string | undefined;
  /** CPython's helper for gdb, if this installation has one. */
  readonly gdbHelper: string | undefined;
}

export interface Tools {
  readonly bin: string;
}

export interface Faulthandler {
  readonly folder: string;
  readonly output: string;
}

const TOOL_PACKAGES = ['py-spy==0.4.2', 'pystack', 'pygdbmi', 'virtualenv==20.21.1'];

export async function prepareTools(): Promise<Tools> {
  const folder = join(CACHE, 'tools');
  const done = join(folder, 'installed');
  if (!existsSync(done)) {
    const { executable } = await findPython('3.11');
    await execa(executable, ['-m', 'venv', folder]);
    await execa(join(folder, 'bin/pip'), ['install', '--quiet', ...TOOL_PACKAGES]);
    await writeFile(done, TOOL_PACKAGES.join('\n'));
  }
  return { bin: join(folder, 'bin') };
}

export async function preparePython(recipe: Recipe): Promise<Python> {
  const python = await findPython(recipe.python);
  if (recipe.packages.length === 0) return python;
  const wanted = [recipe.python, ...recipe.packages, JSON.stringify(recipe.buildEnvironment)].join('\n');
  const venv = join(CACHE, 'venvs', createHash('sha256').update(wanted).digest('hex').slice(0, 12));
  const executable = join(venv, 'bin/python');
  const done = join(venv, 'installed');
  if (!existsSync(done)) {
    const { bin } = await prepareTools();
    // virtualenv and not venv, because Python 2.7 has no venv.
    await execa(join(bin, 'virtualenv'), ['--quiet', '--python', python.executable, venv]);
    await execa(executable, ['-m', 'pip', 'install', '--quiet', ...recipe.packages], { env: recipe.buildEnvironment });
    await writeFile(done, wanted);
  }
  return { ...python, executable, venv };
}

/** Makes the program print its stacks on SIGUSR1, without a change to the program itself. */
export async function prepareFaulthandler(): Promise<Faulthandler> {
  // One per run: captures may run side by side.
  const folder = join(CACHE, 'faulthandler', `${process.pid}`);
  const output = join(folder, 'dump.txt');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'sitecustomize.py'),
    [
      'try:',
      '    import faulthandler, signal',
      `    faulthandler.register(signal.SIGUSR1, file=open(${JSON.stringify(output)}, "a"), all_threads=True)`,
      'except ImportError:',
      '    pass',
      '',
    ].join('\n'),
  );
  await writeFile(output, '');
  return { folder, output };
}

async function findPython(version: string): Promise<Python> {
  if (version.startsWith('/')) {
    return { executable: version, prefix: undefined, venv: undefined, gdbHelper: await systemHelper(version) };
  }
  const installations = process.env.CAPTURE_PYTHONS ?? join(homedir(), '.pyenv/versions');
  const found = (existsSync(installations) ? await readdir(installations) : [])
    .filter((name) => name === version || name.startsWith(`${version}.`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (found === undefined) {
    return { executable: `python${version}`, prefix: undefined, venv: undefined, gdbHelper: undefined };
  }
  const prefix = join(installations, found);
  const short = found.split('.').slice(0, 2).join('.');
  const gdbHelper = join(prefix, `bin/python${short}-gdb.py`);
  return {
    executable: join(prefix, `bin/python${short}`),
    prefix,
    venv: undefined,
    gdbHelper: existsSync(gdbHelper) ? gdbHelper : undefined,
  };
}

/** Debian ships the helper in libpython3.x-dbg or python3.x-dbg, under gdb's auto-load folder. */
async function systemHelper(executable: string): Promise<string | undefined> {
  const { stdout } = await execa('readlink', ['-f', executable]);
  const path = `/usr/share/gdb/auto-load${stdout}-gdb.py`;
  return existsSync(path) ? path : undefined;
}
