import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Python, Tools } from './interpreters.ts';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  gdb: ['thread apply all bt'],
  'gdb-full': ['thread apply all bt full'],
  'gdb-threads': ['info threads', 'bt'],
  // The locks that the threads wait for, wherever a frame has one as its argument.
  'gdb-locks': [
    'thread apply all bt',
    ...['mutex', 'rwlock'].map((lock) => `thread apply all -s frame apply all -s p *${lock}`),
  ],
  'py-bt': ['thread apply all py-bt'],
  'py-bt-full': ['thread apply all py-bt-full'],
};

export function batchOf(stem: string, pid: number, { gdbHelper }: Python): string[] {
  const commands = COMMANDS[stem];
  if (commands === undefined) throw new Error('no such tool');
  const isPython = stem.startsWith('py-');
  if (isPython && gdbHelper === undefined) throw new Error('this Python has no gdb helper');
  const all = ['set pagination off', ...(isPython ? [`source ${gdbHelper}`] : []), ...commands];
  return ['-p', `${pid}`, '-batch', '-nx', ...all.flatMap((command) => ['-ex', command])];
}

export async function captureMi(pid: number): Promise<string> {
  const threads = (await readdir(`/proc/${pid}/task`)).map((_, index) => index + 1);
  const commands = [
    `-target-attach ${pid}`,
    '-thread-info',
    ...threads.map((thread) => `-stack-list-frames --thread ${thread}`),
    '-target-detach',
    '-gdb-exit',
  ];
  const { stdout } = await execa('gdb', ['-q', '-nx', '--interpreter=mi3'], {
    input: `${commands.join('\n')}\n`,
    all: true,
    timeout: 180_000,
  });
  return `${stdout}\n`;
}

const PARSE = `
import json, sys
from pygdbmi.gdbmiparser import parse_response
json.dump([parse_response(line) for line in sys.stdin.read().splitlines() if line.strip()], sys.stdout, indent=1)
`;

export async function parseMi(log: string, { bin }: Tools): Promise<string> {
  const { stdout } = await execa(join(bin, 'python'), ['-c', PARSE], { input: log });
  return `${stdout}\n`;
}
