import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Python } from '../../scripts/capture/interpreters.ts';
import type { Recipe } from '../../scripts/capture/recipe.ts';
import { REPORT } from '../../src/reporters/json/report-schema.ts';
import { ROOT } from './cases.ts';
import { type Ran, runProgram } from './run-program.ts';

/** Tools and packages that .ci/run installs. */
const VENV = join(ROOT, '.cache/ci/venv/bin');
process.env.PATH = [VENV, process.env.PATH].join(delimiter);

/** Why live tests cannot be run here; printed by those that are skipped. */
export function missingForLive(...tools: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'live tests need Linux';
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length > 0) return `${missing.join(' and ')} not installed`;
  return tools.includes('gdb') && !mayTrace() ? 'no right to trace processes here' : undefined;
}

export function explainSkip(subject: string, reason: string | undefined): void {
  if (reason !== undefined) process.stderr.write(`${subject}: skipped: ${reason}\n`);
}

function isThere(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let traces: boolean | undefined;

function mayTrace(): boolean {
  traces ??= (() => {
    try {
      // Something that was not started by gdb, as the processes of the tests are not.
      execFileSync('sh', ['-c', 'sleep 5 & gdb -nx -batch -p $! -ex detach; code=$?; kill $!; exit $code'], {
        stdio: 'ignore',
      });
      return true;
    } catch {
      return false;
    }
  })();
  return traces;
}

/** The interpreter that a case names, else any; with packages the one of .ci/run. */
export function pythonFor({ python, packages }: Pick<Recipe, 'python' | 'packages'>): Python {
  const own = { prefix: undefined, venv: undefined, gdbHelper: undefined };
  if (packages.length > 0) return { executable: join(VENV, 'python'), ...own };
  const folder = process.env.CAPTURE_PYTHONS ?? join(homedir(), '.pyenv/versions');
  const found = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.startsWith(`${python}.`)).sort();
  const last = found.at(-1);
  if (last !== undefined) return { executable: join(folder, last, 'bin', `python${python}`), ...own };
  return { executable: existsSync(join(VENV, 'python')) ? join(VENV, 'python') : 'python3', ...own };
}

/** Whether `pythonFor` gives the version that a case names. */
export function isOfCase(recipe: Pick<Recipe, 'python' | 'packages'>): boolean {
  const version = execFileSync(pythonFor(recipe).executable, ['--version'], { encoding: 'utf8' });
  return version.startsWith(`Python ${recipe.python}.`);
}

export interface Attached extends Ran {
  readonly report: ReturnType<typeof REPORT.parse>;
}

/** `whyhung attach … --format json` in this process. */
export async function attach(pid: number | string, ...options: readonly string[]): Promise<Attached> {
  const ran = await runProgram(['attach', `${pid}`, '--format', 'json', '--interval', '1', ...options]);
  try {
    return { ...ran, report: REPORT.parse(JSON.parse(ran.stdout)) };
  } catch (error) {
    throw new Error(`no report (exit code ${ran.code}): ${ran.stderr}`, { cause: error });
  }
}

/** R or S: runs on. */
export async function stateOf(pid: number): Promise<string | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\s+(\w)/m.exec(status)?.[1];
}

export async function tracerOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^TracerPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
