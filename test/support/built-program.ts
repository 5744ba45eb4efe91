import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, type Options } from 'execa';
import { ROOT } from './cases.ts';

/** Apart from dist/, which other tests build anew while these run; a folder for each run of vitest. */
const FOLDER = join(ROOT, '.cache/live', `${process.ppid}`);
const LIMIT_MILLISECONDS = 180_000;

/** Builds the program, or waits until another test file has; returns the arguments that run it. */
export async function buildProgram(): Promise<readonly [string, string]> {
  mkdirSync(dirname(FOLDER), { recursive: true });
  const command = [process.execPath, join(FOLDER, 'bin/whyhung.js')] as const;
  const done = join(FOLDER, 'done');
  try {
    mkdirSync(FOLDER);
  } catch {
    for (const end = Date.now() + LIMIT_MILLISECONDS; !existsSync(done); ) {
      if (Date.now() > end) throw new Error('the other test file did not build the program');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return command;
  }
  removeEarlier();
  await execa('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(FOLDER, 'dist')], { cwd: ROOT });
  for (const name of ['package.json', 'bin']) cpSync(join(ROOT, name), join(FOLDER, name), { recursive: true });
  writeFileSync(done, '');
  return command;
}

/** Of runs that have ended. */
function removeEarlier(): void {
  for (const name of readdirSync(dirname(FOLDER)))
    if (!existsSync(join('/proc', name))) rmSync(join(dirname(FOLDER), name), { recursive: true });
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly seconds: number;
  /** Processes that it left behind. */
  readonly orphans: readonly string[];
}

/** Runs a command, and says what it left behind: all that it starts inherits a variable. */
export async function runMarked(command: readonly string[], options: Options = {}): Promise<Ended> {
  const mark = `WHYHUNG_TEST_RUN=${randomUUID()}`;
  const [name = '', value = ''] = mark.split('=');
  const started = performance.now();
  const [program = '', ...args] = command;
  const { stdout, stderr, exitCode, signal } = await execa(program, args, {
    stdin: 'ignore',
    reject: false,
    ...options,
    env: { ...options.env, [name]: value },
  });
  const seconds = (performance.now() - started) / 1000;
  return { stdout: `${stdout}`, stderr: `${stderr}`, exitCode, signal, seconds, orphans: await marked(mark) };
}

async function marked(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(mark))
      found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => pid));
  }
  return found;
}

export function makeExecutable(path: string): void {
  chmodSync(path, 0o755);
}
