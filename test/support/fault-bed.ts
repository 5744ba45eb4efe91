import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { buildProgram, type Ended, makeExecutable, runMarked } from './built-program.ts';
import { pythonFor, stateOf, tracerOf } from './live.ts';
import { type Running, startProcess } from './processes.ts';

/** Waits for ever for a lock that it holds itself. */
export const HUNG = `
import threading
lock = threading.Lock()
def wait():
    with lock:
        print('READY', flush=True)
        lock.acquire()
wait()
`;

/** The built program, and before each test a process that hangs. */
export class FaultBed {
  #program: readonly string[] = [];
  #folder = '';
  #target: Running | undefined;

  constructor(missing: string | undefined) {
    if (missing !== undefined) return;
    beforeAll(async () => {
      this.#program = await buildProgram();
      this.#folder = mkdtempSync(join(tmpdir(), 'whyhung-live-'));
      mkdirSync(this.out);
    }, 120_000);
    afterAll(() => rmSync(this.#folder, { recursive: true }));
    beforeEach(async () => {
      const target = startProcess(pythonFor({ python: '3.11', packages: [] }).executable, ['-c', HUNG]);
      this.#target = target;
      await target.waitFor(/READY/);
      return () => target.stop();
    });
  }

  get program(): readonly string[] {
    return this.#program;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Stays empty. */
  get out(): string {
    return join(this.#folder, 'out');
  }

  get target(): Running {
    if (this.#target === undefined) throw new Error('no process was started');
    return this.#target;
  }

  /** A folder for PATH in which a tool is what the script says. */
  fakeTool(name: string, script: string): string {
    const place = mkdtempSync(join(this.#folder, 'tools-'));
    const file = join(place, name);
    writeFileSync(file, `#!/bin/sh\n[ "$1" = --version ] && { echo "${name} 1.0"; exit 0; }\n${script}\n`);
    makeExecutable(file);
    return [place, process.env.PATH].join(delimiter);
  }

  whyhung(args: readonly string[], PATH = process.env.PATH): Promise<Ended> {
    return runMarked([...this.#program, ...args], { env: { PATH }, cwd: this.#folder });
  }

  attach(PATH?: string, ...options: readonly string[]): Promise<Ended> {
    return this.whyhung(['attach', `${this.target.pid}`, '--interval', '0', ...options], PATH);
  }

  /** Runs on as before, and nothing is left of those that looked at it. */
  async expectUnharmed({ orphans }: Ended, state = /^[SR]$/): Promise<void> {
    expect(await stateOf(this.target.pid)).toMatch(state);
    expect(await tracerOf(this.target.pid)).toBe(0);
    expect(this.target.child.exitCode).toBe(null);
    expect(orphans).toEqual([]);
    expect(readdirSync(this.out)).toEqual([]);
  }
}
