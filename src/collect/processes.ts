import type { Host } from './host.ts';

/** A process as the kernel lists it. */
export interface Listed {
  readonly pid: number;
  readonly parentPid: number;
  /** As it was started; the kernel's name in brackets for a process without a command line. */
  readonly command: readonly string[];
  /** R, S, D, T, t, Z, X. */
  readonly state: string;
  /** Clock ticks since boot: tells a process from a later one with the same number. */
  readonly started: string;
}

/** All processes of the host, as far as they can be seen. */
export async function listProcesses(host: Host): Promise<Listed[]> {
  const pids = (await host.listDir('/proc'))?.filter((name) => /^\d+$/.test(name)).map(Number) ?? [];
  return lookAt(pids, host);
}

/** Those of the processes that exist. */
export async function lookAt(pids: readonly number[], host: Host): Promise<Listed[]> {
  const texts = await host.readFiles(pids.flatMap((pid) => [`/proc/${pid}/stat`, `/proc/${pid}/cmdline`]));
  return pids.flatMap((pid) => {
    const stat = parseStat(texts.get(`/proc/${pid}/stat`) ?? '');
    if (stat === undefined) return [];
    const words = (texts.get(`/proc/${pid}/cmdline`) ?? '').replace(/\0$/, '').split('\0');
    const command = words.length === 1 && words[0] === '' ? [`[${stat.name}]`] : words;
    return [{ pid, parentPid: stat.parentPid, command, state: stat.state, started: stat.started }];
  });
}

interface Stat {
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  readonly started: string;
}

// "8412 (python3) S 900 8412 900 …": the name may hold anything, also ") S 1", so that the last bracket counts
const STAT = /^\d+ \((?<name>[\s\S]*)\) (?<state>[A-Za-z]) (?<parent>\d+) (?<rest>[-\d ]+)/;

export function parseStat(text: string): Stat | undefined {
  const found = STAT.exec(text)?.groups;
  if (found?.state === undefined) return undefined;
  // Field 22 of the file, of which the rest begins with the fifth.
  const started = found.rest?.split(' ')[17] ?? '';
  return { name: found.name ?? '', state: found.state, parentPid: Number(found.parent), started };
}

/** Processes below the given ones, parents before children. */
export function descendantsOf(pids: readonly number[], all: readonly Listed[]): Listed[] {
  const byParent = new Map<number, Listed[]>();
  for (const one of all) {
    const siblings = byParent.get(one.parentPid);
    if (siblings === undefined) byParent.set(one.parentPid, [one]);
    else siblings.push(one);
  }
  const seen = new Set(pids);
  const found: Listed[] = [];
  // Grows while it is gone through; a process is listed once, so that this ends.
  const next = [...pids];
  for (const pid of next) {
    for (const child of byParent.get(pid) ?? []) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push(child);
      next.push(child.pid);
    }
  }
  return found;
}

/**
 * Processes that a name can mean: the file name of the program, of the script or of the module that it runs, else any part
 * of the command line. The caller's own processes are left out.
 */
export function matchName(name: string, all: readonly Listed[], own: ReadonlySet<number>): Listed[] {
  const others = all.filter(({ pid, state }) => !own.has(pid) && state !== 'Z' && state !== 'X');
  const exact = others.filter(({ command }) => namesOf(command).includes(name));
  if (exact.length > 0) return exact;
  return others.filter(({ command }) => isPythonCommand(command) && command.join(' ').includes(name));
}

/** "python3 /srv/app/serve.py --port 80" goes by python3, serve.py and serve; "python -m celery worker" by celery, too. */
function namesOf(command: readonly string[]): string[] {
  const [program = '', ...rest] = command;
  const module = rest[rest.indexOf('-m') + 1];
  const script = rest.find((word) => !word.startsWith('-'));
  return [program, script, rest.includes('-m') ? module : undefined].flatMap((word) => {
    const base = word?.replace(/^.*\//, '') ?? '';
    return base === '' ? [] : [base, base.replace(/\.pyc?$/, '')];
  });
}

/** Whether a command line begins with an interpreter, or a server that is one. */
export function isPythonCommand([program = '']: readonly string[]): boolean {
  return /(?:^|\/)(?:python[\d.]*t?|pypy[\d.]*|uwsgi|gunicorn[^/]*|celery[^/]*|ipython[\d.]*|pytest)$/.test(
    program.replace(/:.*$/, ''),
  );
}

/** This program and what started it (a shell, sudo, a test run): their command lines hold the name that is looked for. */
export function ancestorsOf(pid: number, all: readonly Listed[]): Set<number> {
  const parents = new Map(all.map((one) => [one.pid, one.parentPid]));
  const found = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && next > 0 && !found.has(next); next = parents.get(next))
    found.add(next);
  return found;
}
