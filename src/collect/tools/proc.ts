import { maskSecrets } from '../../model/secrets.ts';
import { mutexOwner } from '../futex.ts';
import type { Host } from '../host.ts';
import { openFilesOf } from '../open-files.ts';
import { packagesOf } from '../packages.ts';
import type { Listed } from '../processes.ts';
import type { Sight } from '../sight.ts';
import { parseSyscall, type Syscall } from '../syscalls.ts';
import { oneLine, showCommand } from '../text.ts';

/** Files of a thread, in the order in which they are printed. */
const OF_THREAD = ['comm', 'status', 'wchan', 'syscall', 'stack'] as const;

/** What of a status is worth a line: which state, whose child, traced, how often it has run. */
const STATUS = /^(?:State|TracerPid|(?:non)?voluntary_ctxt_switches):/;
/** The same for all threads, and so printed with the first. */
const OF_PROCESS = /^(?:NSpid|Threads|VmRSS|Uid|Seccomp):/;

export interface ProcOptions {
  readonly host: Host;
  readonly all: readonly Listed[];
  /** `x86_64`, `aarch64`: system calls have other numbers elsewhere. */
  readonly machine: string;
  /** Files, packages, limits: the same at every moment, and so taken once. */
  readonly whole: boolean;
  /** Whether its parent is looked at, too, or may be where it was forked from. */
  readonly tellsParent: boolean;
  readonly isForked: boolean;
}

/** What the kernel tells of a process without stopping it, a line each behind its path, as `grep .` prints. */
export async function readProc(sight: Sight, options: ProcOptions): Promise<string> {
  const { host, all, whole } = options;
  const files = await openFilesOf(sight.pid, all, host);
  const lines = [
    ...(await aboutProcess(sight, options)),
    ...(await aboutThreads(sight, files, options)),
    ...(whole ? [...files].map(([number, target]) => `/proc/${sight.pid}/fd/${number}:${oneLine(target)}`) : []),
    ...(whole ? await aboutPackages(sight, host) : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function aboutProcess({ pid, parentPid, executable, command }: Sight, options: ProcOptions): Promise<string[]> {
  const { host, all, whole, isForked } = options;
  const folder = `/proc/${pid}`;
  const head = [
    `${folder}/cmdline:${maskSecrets(showCommand(command))}`,
    ...(executable === undefined ? [] : [`${folder}/exe:${oneLine(executable)}`]),
    ...(isForked ? [`${folder}/forked:from ${parentPid}`] : []),
  ];
  if (!whole) return head;
  const texts = await host.readFiles([`${folder}/cgroup`, `${folder}/limits`]);
  const only = (file: string, wanted: RegExp): string[] =>
    (texts.get(`${folder}/${file}`) ?? '')
      .split('\n')
      .filter((line) => wanted.test(line))
      .map((line) => `${folder}/${file}:${oneLine(line)}`);
  const children = all.filter(({ parentPid }) => parentPid === pid);
  return [
    ...head,
    ...only('cgroup', /^\d+:[^:]*:\/./),
    ...only('limits', /^Max (?:open files|processes|locked memory) /),
    ...children.map(
      (one) => `${folder}/children:${one.pid} ${one.state} ${maskSecrets(showCommand(one.command)).slice(0, 200)}`,
    ),
  ];
}

async function aboutThreads(
  { pid, threads }: Sight,
  files: ReadonlyMap<number, string>,
  { host, machine, whole, tellsParent }: ProcOptions,
): Promise<string[]> {
  const tids = threads.map(({ tid }) => tid);
  const texts = await host.readFiles(
    tids.flatMap((tid) => OF_THREAD.map((file) => `/proc/${pid}/task/${tid}/${file}`)),
  );
  const known = new Set(tids);
  const isTelling = (line: string, first: boolean): boolean =>
    STATUS.test(line) || (first && ((whole && OF_PROCESS.test(line)) || (tellsParent && line.startsWith('PPid:'))));
  const lines: string[] = [];
  for (const tid of tids) {
    const folder = `/proc/${pid}/task/${tid}`;
    for (const file of OF_THREAD) {
      for (const line of (texts.get(`${folder}/${file}`) ?? '').split('\n'))
        if (line !== '' && (file !== 'status' || isTelling(line, tid === pid)))
          lines.push(`${folder}/${file}:${file === 'comm' ? oneLine(line) : line}`);
    }
    const syscall = parseSyscall(texts.get(`${folder}/syscall`) ?? '', machine);
    const owner = syscall === undefined || !host.isLocal ? undefined : await mutexOwner(pid, syscall, known);
    const says = syscall === undefined ? undefined : describeCall(syscall, files, owner);
    if (says !== undefined) lines.push(`${folder}/whyhung:${oneLine(says)}`);
  }
  return lines;
}

function describeCall(
  { name, file, child }: Syscall,
  files: ReadonlyMap<number, string>,
  owner: number | undefined,
): string | undefined {
  if (owner !== undefined) return `waits for a mutex that thread ${owner} holds`;
  if (child !== undefined) return `${name}() waits for ${child === -1 ? 'any child' : `process ${child}`}`;
  if (file === undefined) return undefined;
  return `${name}() on file ${file}: ${files.get(file) ?? 'not to be seen'}`;
}

async function aboutPackages(sight: Sight, host: Host): Promise<string[]> {
  const packages = await packagesOf(sight, host);
  return packages.map(({ name, version }) => `/proc/${sight.pid}/packages:${name} ${version}`);
}
