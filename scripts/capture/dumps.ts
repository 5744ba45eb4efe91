import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { captureDap } from './dap.ts';
import { batchOf, captureMi, parseMi } from './gdb.ts';
import type { Faulthandler, Python, Tools } from './interpreters.ts';
import { pause } from './pause.ts';
import { readProc } from './proc.ts';
import { CACHE } from './recipe.ts';
import type { Scrub } from './scrub.ts';

export interface Target {
  readonly pid: number;
  readonly python: Python;
  readonly tools: Tools;
  readonly scrub: Scrub;
  readonly faulthandler: Faulthandler | undefined;
  readonly folder: string;
}

export interface Outcome {
  readonly file: string;
  readonly written: boolean;
  /** Why a tool failed; an unhappy tool can still have printed something worth keeping. */
  readonly trouble: string | undefined;
}

interface Printed {
  readonly text: string;
  readonly trouble?: string;
}

/** `gdb.child2.3.txt`: tool gdb, the second child process, at the third moment. */
const FILE = /^(?<stem>[\w-]+)(?:\.child(?<child>\d*))?(?:\.(?<moment>\d+))?\.(?<extension>txt|json)$/;

export const describeOutcome = ({ file, written, trouble }: Outcome): string =>
  `${file} → ${trouble === undefined ? 'ok' : `${written ? 'kept, but' : 'FAILED:'} ${trouble}`}`;

/** The dumps of each moment in the order wanted, but faulthandler after all: its signal can end a wait (EINTR). */
export function momentsOf(files: readonly string[]): string[][] {
  const moments = new Map<number, string[]>();
  for (const file of files) {
    const moment = isSignalled(file) ? Infinity : Number(FILE.exec(file)?.groups?.moment ?? 1);
    moments.set(moment, [...(moments.get(moment) ?? []), file]);
  }
  return [...moments.entries()].toSorted(([a], [b]) => a - b).map(([, group]) => group);
}

export const isSignalled = (file: string): boolean => file.startsWith('faulthandler');

export async function captureMoment(file: string, target: Target): Promise<Outcome> {
  try {
    const parts = FILE.exec(file)?.groups;
    if (parts === undefined) throw new Error('name not understood');
    const pid = parts.child === undefined ? target.pid : await childOf(target.pid, Number(parts.child || 1));
    const { text, trouble } = await print(parts.stem ?? '', parts.extension ?? '', { ...target, pid });
    if (text.trim() === '') return { file, written: false, trouble: trouble ?? 'printed nothing' };
    await writeFile(join(target.folder, file), target.scrub(text));
    return { file, written: true, trouble };
  } catch (error) {
    return { file, written: false, trouble: error instanceof Error ? error.message : String(error) };
  }
}

async function print(stem: string, extension: string, target: Target): Promise<Printed> {
  const { pid, tools } = target;
  const [tool, ...flags] = stem.split('-');
  if (tool === 'pyspy')
    return run(join(tools.bin, 'py-spy'), ['dump', '--pid', `${pid}`, ...pySpyOptions(flags, extension)]);
  if (tool === 'pystack')
    return run(join(tools.bin, 'pystack'), ['remote', `${pid}`, ...flags.map((flag) => `--${flag}`)]);
  if (stem === 'eu-stack') return run('eu-stack', ['-p', `${pid}`]);
  if (stem === 'proc') return { text: await readProc(pid) };
  if (stem === 'faulthandler') return { text: await signalled(target) };
  if (stem === 'gdb-mi') return { text: await captureMi(pid) };
  if (stem === 'pygdbmi') return { text: await parseMi(await captureMi(pid), tools) };
  if (stem.startsWith('gdb-dap')) {
    return {
      text: await captureDap(pid, {
        form: extension === 'json' ? 'json' : stem === 'gdb-dap-log' ? 'log' : 'wire',
        scrub: target.scrub,
      }),
    };
  }
  return run('gdb', batchOf(stem, pid, target.python));
}

/** "native-locals" means --native --locals, and the extension tells the format. */
function pySpyOptions(flags: readonly string[], extension: string): string[] {
  const options = flags.map((flag) => (flag === 'full' ? '--full-filenames' : `--${flag}`));
  return extension === 'json' ? [...options, '--json'] : options;
}

/** A shell joins both streams in one file, since only so they interleave as users see it. JSON stays without stderr. */
async function run(command: string, options: string[]): Promise<Printed> {
  const path = join(CACHE, `printed-${process.pid}.txt`);
  const redirect = options.includes('--json') ? 'exec "$@" >"$0"' : 'exec "$@" >"$0" 2>&1';
  const result = await execa('sh', ['-c', redirect, path, command, ...options], {
    stdin: 'ignore',
    reject: false,
    timeout: 180_000,
    forceKillAfterDelay: 2000,
    env: { NO_COLOR: '1', TERM: 'dumb' },
  });
  const text = await readFile(path, 'utf8');
  await rm(path);
  if (!result.failed) return { text };
  const lastLine = text.trim().split('\n').at(-1) ?? '';
  return { text, trouble: result.timedOut ? 'timed out' : `exit code ${result.exitCode}: ${lastLine}` };
}

async function signalled({ pid, faulthandler }: Target): Promise<string> {
  if (faulthandler === undefined) return '';
  await writeFile(faulthandler.output, '');
  process.kill(pid, 'SIGUSR1');
  await pause(1);
  return readFile(faulthandler.output, 'utf8');
}

async function childOf(pid: number, position: number): Promise<number> {
  const { stdout } = await execa('pgrep', ['--parent', `${pid}`], { reject: false });
  const child = stdout.split('\n').filter(Boolean)[position - 1];
  if (child === undefined) throw new Error(`process has no child number ${position}`);
  return Number(child);
}
