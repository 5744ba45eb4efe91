import type { Host } from './host.ts';
import { field } from './sight.ts';

/** What the tools may do where they run. */
export interface Rights {
  readonly uid: number | undefined;
  /** Whether they have CAP_SYS_PTRACE. */
  readonly mayTraceAll: boolean | undefined;
  /** /proc/sys/kernel/yama/ptrace_scope: 0 own processes, 1 children only, 2 with the capability only, 3 nobody. */
  readonly yama: number | undefined;
  readonly container: 'docker' | 'kubernetes' | 'podman' | undefined;
  /** Whether there is a /proc at all. */
  readonly hasProc: boolean;
  /** Whether /proc is mounted so that it hides the processes of others. */
  readonly hidesOthers: boolean;
}

const FILES = [
  '/proc/self/status',
  '/proc/self/mounts',
  '/proc/sys/kernel/yama/ptrace_scope',
  '/proc/1/cgroup',
  '/proc/1/environ',
];

/** Files without content by which containers are known. */
const MARKS = { docker: ['/', '.dockerenv'], podman: ['/run', '.containerenv'] } as const;

export async function rightsAt(host: Host): Promise<Rights> {
  const texts = await host.readFiles(FILES);
  const status = texts.get('/proc/self/status') ?? '';
  const capabilities = field(status, 'CapEff');
  const yama = texts.get('/proc/sys/kernel/yama/ptrace_scope')?.trim();
  const uid = field(status, 'Uid')?.split(/\s+/)[1];
  return {
    uid: uid === undefined ? undefined : Number(uid),
    mayTraceAll: capabilities === undefined ? undefined : hasBit(capabilities, CAP_SYS_PTRACE),
    yama: yama === undefined ? undefined : Number(yama),
    container: await containerOf(texts, host),
    hasProc: status !== '',
    hidesOthers: uid !== '0' && /^\S+ \/proc proc \S*hidepid=(?!0|off)/m.test(texts.get('/proc/self/mounts') ?? ''),
  };
}

const CAP_SYS_PTRACE = 19n;

// "000001ffffffffff"
function hasBit(hexadecimal: string, bit: bigint): boolean | undefined {
  if (!/^[0-9a-f]+$/i.test(hexadecimal)) return undefined;
  return ((BigInt(`0x${hexadecimal}`) >> bit) & 1n) === 1n;
}

async function containerOf(texts: ReadonlyMap<string, string>, host: Host): Promise<Rights['container']> {
  const groups = texts.get('/proc/1/cgroup') ?? '';
  if (/kubepods/.test(groups) || /KUBERNETES_SERVICE_HOST=/.test(texts.get('/proc/1/environ') ?? ''))
    return 'kubernetes';
  for (const kind of ['podman', 'docker'] as const) {
    const [folder, name] = MARKS[kind];
    if ((await host.listDir(folder))?.includes(name) === true) return kind;
  }
  return groups.includes('docker') ? 'docker' : undefined;
}
