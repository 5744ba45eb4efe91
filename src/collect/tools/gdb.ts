import type { Host } from '../host.ts';
import { runTool, type Task, type Tool } from './tool.ts';

/** Native frames of all threads. Nothing is called in the process and no breakpoint set: gdb reads, and lets go. */
export const gdb: Tool = {
  probe: ['gdb', '--version'],
  async run(task) {
    const helper = task.python ? await helperOf(task) : undefined;
    const commands = [
      'set pagination off',
      'set width 0',
      'thread apply all bt',
      ...(helper === undefined ? [] : [`source ${helper}`, `thread apply ${somePythonThreads(task)} py-bt`]),
      'detach',
    ];
    const command = [
      'gdb',
      '-nx',
      '-batch',
      // Files that come with the process are no code to run; nor is there time to load symbols from the network.
      ...['-iex', 'set auto-load python-scripts off', '-iex', 'set auto-load gdb-scripts off'],
      ...['-iex', 'set debuginfod enabled off', '-iex', `set backtrace limit ${MOST_FRAMES}`],
      // Named, the program's symbols are read before the process is held, which saves most of the pause.
      ...(task.sight.sameFiles === true ? [`/proc/${task.sight.pid}/exe`] : []),
      ...['-p', `${task.sight.pid}`],
      ...commands.flatMap((text) => ['-ex', text]),
    ];
    return runTool(command, task, { isDump: (text) => /^#0 /m.test(text) });
  },
};

/** CPython's helper takes 30 ms for a thread, in which the process stands still; the main thread has number 1. */
function somePythonThreads({ sight }: Task): string {
  return sight.threads.length > MOST_PYTHON_THREADS ? `1-${MOST_PYTHON_THREADS}` : 'all';
}

const MOST_PYTHON_THREADS = 64;

/** Python's own limit of recursion is 1000 calls, each of which takes up to four C frames. */
const MOST_FRAMES = 4000;

/**
 * CPython's helper, which shows Python frames in gdb. It is code that gdb runs with our rights: taken only where the
 * process sees the same files as we do, from an installation that only root, or we, can change.
 */
async function helperOf({ sight, host }: Task): Promise<string | undefined> {
  const { executable } = sight;
  // gdb reads the path to the end of the line; odd ones are left alone.
  if (executable === undefined || sight.sameFiles !== true || !/^[\w./+-]+$/.test(executable)) return undefined;
  for (const path of [`${executable}-gdb.py`, `/usr/share/gdb/auto-load${executable}-gdb.py`])
    if (await isTrusted(path, host)) return path;
  return undefined;
}

async function isTrusted(path: string, host: Host): Promise<boolean> {
  const { stdout, exitCode } = await host.run('stat', ['-L', '-c', '%u %a', '--', path], { timeoutSeconds: 10 });
  const [, owner, mode] = /^(\d+) (\d+)\s*$/.exec(stdout) ?? [];
  if (exitCode !== 0 || owner === undefined || mode === undefined) return false;
  const own = await host.run('id', ['-u'], { timeoutSeconds: 10 });
  // Writable by its owner only, who is root or ourselves.
  return (owner === '0' || owner === own.stdout.trim()) && (Number.parseInt(mode, 8) & 0o022) === 0;
}
