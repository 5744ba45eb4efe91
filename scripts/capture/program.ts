import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Faulthandler, Python } from './interpreters.ts';
import { pause } from './pause.ts';
import type { Recipe } from './recipe.ts';

export interface Program {
  readonly pid: number;
  settle(): Promise<void>;
  /** A program that ended did not hang, so its dumps would prove nothing. */
  mustBeAlive(when: string): void;
  stop(): Promise<void>;
}

const READY_LIMIT_SECONDS = 120;

export async function startProgram(
  recipe: Recipe,
  python: Python,
  faulthandler: Faulthandler | undefined,
): Promise<Program> {
  // Children may leave the session or the process group, but they keep this variable.
  const mark = `CAPTURE_RUN=${randomUUID()}`;
  const output = join(recipe.app, 'output.txt');
  const file = openSync(output, 'w');
  const child = spawn(python.executable, [recipe.program, ...recipe.arguments], {
    cwd: recipe.app,
    detached: true,
    stdio: [recipe.stdin === 'pipe' ? 'pipe' : 'ignore', file, file],
    env: environmentOf(recipe, faulthandler, mark),
  });
  closeSync(file);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  const printed = (): Promise<string> => readFile(output, 'utf8');

  const mustBeAlive = (when: string): void => {
    const end = child.signalCode ?? child.exitCode;
    if (end !== null) throw new Error(`program ended ${when} instead of hanging (${end})`);
  };
  return {
    pid,
    mustBeAlive,
    async settle() {
      if (await printsReady(recipe)) await waitForReady(printed, mustBeAlive);
      await pause(recipe.settle);
      try {
        mustBeAlive('while it settled');
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : ''}\n${await printed()}`, { cause: error });
      }
    },
    stop: () => killMarked(mark),
  };
}

function environmentOf(recipe: Recipe, faulthandler: Faulthandler | undefined, mark: string): NodeJS.ProcessEnv {
  const [key, value] = mark.split('=');
  // A clean environment: what this machine sets must not change or colour what a dump shows.
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    ...recipe.environment,
    [key ?? '']: value,
  };
  if (faulthandler !== undefined) {
    environment.PYTHONPATH = [faulthandler.folder, recipe.environment.PYTHONPATH].filter(Boolean).join(':');
  }
  return environment;
}

async function printsReady({ program }: Recipe): Promise<boolean> {
  return (await readFile(program, 'utf8')).includes('READY');
}

async function waitForReady(printed: () => Promise<string>, mustBeAlive: (when: string) => void): Promise<void> {
  const end = Date.now() + READY_LIMIT_SECONDS * 1000;
  while (!/^READY\s*$/m.test(await printed())) {
    if (Date.now() > end) throw new Error(`program did not print READY within ${READY_LIMIT_SECONDS} s`);
    try {
      mustBeAlive('before READY');
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : ''}\n${await printed()}`, { cause: error });
    }
    await pause(0.1);
  }
}

async function killMarked(mark: string): Promise<void> {
  // Twice: a process may fork between the listing and the kill.
  for (let round = 0; round < 3; round++) {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
      if (!environment.split('\0').includes(mark)) continue;
      try {
        process.kill(Number(name), 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await pause(0.1);
  }
}
