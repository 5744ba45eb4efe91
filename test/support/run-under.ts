import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, type Ended, runMarked } from './built-program.ts';
import { ROOT } from './cases.ts';

export const PROGRAMS = join(ROOT, 'test/live/programs');
/** With pytest and what else .ci/run installs. */
export const VENV_PYTHON = join(ROOT, '.cache/ci/venv/bin/python');

/** A folder for the files of one test file, and the built program. */
export interface Bench {
  readonly folder: string;
  /** `whyhung` with these arguments; its TMPDIR is `tmp` in the folder. */
  whyhung(args: readonly string[], options?: Parameters<typeof runMarked>[1]): Promise<Ended>;
  command(args: readonly string[]): readonly [string, ...string[]];
  /** Files that were left where temporary files go; pytest keeps its own. */
  leftovers(): readonly string[];
  remove(): void;
}

export async function makeBench(): Promise<Bench> {
  const program = await buildProgram();
  const folder = mkdtempSync(join(tmpdir(), 'whyhung-run-'));
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  return {
    folder,
    command: (args) => [...program, ...args],
    whyhung: (args, options = {}) =>
      runMarked([...program, ...args], {
        cwd: folder,
        ...options,
        env: { TMPDIR: temporary, PYTHONDONTWRITEBYTECODE: '1', ...options.env },
      }),
    leftovers: () => readdirSync(temporary).filter((name) => !name.startsWith('pytest-of-')),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export interface Live {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  printed(): string;
  waitFor(pattern: RegExp): Promise<void>;
}

/** Starts a command whose output is looked at while it runs. */
export function startLive([file, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Live {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return {
    child,
    ended,
    printed: () => printed,
    async waitFor(pattern) {
      for (const end = Date.now() + 60_000; !pattern.test(printed); ) {
        if (Date.now() > end || child.exitCode !== null) throw new Error(`did not print ${pattern}: ${printed}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
  };
}
