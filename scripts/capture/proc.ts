import { readdir, readFile, readlink } from 'node:fs/promises';

/** Lines of `status` that tell a wait from work. */
const STATUS = /^(?:State|(?:non)?voluntary_ctxt_switches):/;

/**
 * As `grep .` prints the files of a task, cut to what tells a wait from work; then the open files, and the locks of the
 * whole system on files that the process has locked or waits for.
 */
export async function readProc(pid: number): Promise<string> {
  const lines: string[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    for (const file of ['comm', 'status', 'stat', 'wchan', 'syscall', 'stack']) {
      const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => '');
      const wanted = text.split('\n').filter((line) => line !== '' && (file !== 'status' || STATUS.test(line)));
      lines.push(...wanted.map((line) => `${folder}/${file}:${line}`));
    }
  }
  for (const fd of await readdir(`/proc/${pid}/fd`))
    lines.push(`/proc/${pid}/fd/${fd} -> ${await readlink(`/proc/${pid}/fd/${fd}`)}`);
  return `${[...lines, ...(await readLocks(pid))].join('\n')}\n`;
}

async function readLocks(pid: number): Promise<string[]> {
  const locks = (await readFile('/proc/locks', 'utf8')).split('\n');
  // "1: FLOCK  ADVISORY  WRITE 1476 00:25:1310 0 EOF"
  const inodeOf = (line: string): string | undefined => / ([0-9a-f]+:[0-9a-f]+:\d+) /.exec(line)?.[1];
  const own = new Set(locks.filter((line) => line.includes(` ${pid} `)).map(inodeOf));
  return locks
    .filter((line) => inodeOf(line) !== undefined && own.has(inodeOf(line)))
    .map((line) => `/proc/locks:${line}`);
}
