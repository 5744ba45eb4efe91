import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly printed: () => string;
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it and all its children. */
  stop(): Promise<void>;
}

export interface Start {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

/** Starts a program in a process group of its own. */
export function startProcess(command: string, args: readonly string[], { cwd, env, uid }: Start = {}): Running {
  const child = spawn(command, [...args], {
    cwd,
    uid,
    gid: uid,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PYTHONUNBUFFERED: '1', ...env },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  return {
    pid,
    child,
    printed: () => printed,
    async waitFor(pattern) {
      for (const end = Date.now() + 60_000; Date.now() < end; ) {
        const found = pattern.exec(printed);
        if (found !== null) return found;
        if (child.exitCode !== null) throw new Error(`${command} ended (${child.exitCode}): ${printed}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${command} did not print ${pattern}: ${printed}`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
      await ended;
    },
  };
}
