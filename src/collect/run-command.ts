import type { Ran, RunOptions } from './host.ts';

/** Between the polite signal and the one that cannot be refused. gdb needs the time to let go of its process. */
const GRACE_MILLISECONDS = 2000;
/** A dump of ten thousand threads has some 100 MB. */
const MOST_CHARACTERS = 300 * 1024 * 1024;

/** Process groups of tools that run: whatever ends this program takes them along. */
const groups = new Set<number>();
let watchesExit = false;

/**
 * Runs a program without a shell, in a process group of its own: Ctrl-C reaches this program alone, which then ends the
 * tool in order, and children of the tool go with it.
 */
export async function runCommand(
  [command = '', ...args]: readonly string[],
  { timeoutSeconds, signal, env = {} }: RunOptions,
): Promise<Ran> {
  const started = performance.now();
  // Loaded when needed: most runs of whyhung read files and start nothing.
  const { execa } = await import('execa');
  const child = execa(command, args, {
    stdin: 'ignore',
    reject: false,
    detached: true,
    cleanup: false,
    stripFinalNewline: false,
    maxBuffer: MOST_CHARACTERS,
    env: { NO_COLOR: '1', TERM: 'dumb', COLUMNS: '200', ...env },
  });
  const { pid } = child;
  if (pid !== undefined) remember(pid);
  let reason: 'timeout' | 'aborted' | undefined;
  let kill: NodeJS.Timeout | undefined;
  const stop = (why: 'timeout' | 'aborted'): void => {
    if (reason !== undefined || pid === undefined) return;
    reason = why;
    signalGroup(pid, 'SIGTERM');
    kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MILLISECONDS);
  };
  const timer = setTimeout(() => stop('timeout'), timeoutSeconds * 1000);
  const abort = (): void => stop('aborted');
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort);
  const result = await child;
  clearTimeout(timer);
  clearTimeout(kill);
  signal?.removeEventListener('abort', abort);
  if (pid !== undefined) {
    // Children that the tool left behind.
    signalGroup(pid, 'SIGKILL');
    groups.delete(pid);
  }
  return {
    end: reason ?? endOf(result),
    exitCode: result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    milliseconds: performance.now() - started,
  };
}

function endOf(result: { exitCode?: number; code?: string; isMaxBuffer: boolean; isTerminated: boolean }): Ran['end'] {
  if (result.isMaxBuffer) return 'too-much';
  if (result.exitCode !== undefined) return 'exit';
  return result.isTerminated ? 'killed' : 'not-found';
}

function remember(pid: number): void {
  groups.add(pid);
  if (watchesExit) return;
  watchesExit = true;
  process.on('exit', () => {
    for (const group of groups) signalGroup(group, 'SIGKILL');
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
