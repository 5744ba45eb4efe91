import { readdir, readFile } from 'node:fs/promises';

/** As `grep .` prints the files of a task, cut to what tells a wait from work. */
export async function readProc(pid: number): Promise<string> {
  const lines: string[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    for (const file of ['comm', 'status', 'wchan', 'syscall', 'stack']) {
      const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => '');
      const wanted = text.split('\n').filter((line) => line !== '' && (file !== 'status' || line.startsWith('State:')));
      lines.push(...wanted.map((line) => `${folder}/${file}:${line}`));
    }
  }
  return `${lines.join('\n')}\n`;
}
