import { connectionsOf } from './connections.ts';
import type { Host } from './host.ts';
import type { Listed } from './processes.ts';
import { showCommand } from './text.ts';

/** What each open file of a process is, and where it leads, by its number. */
export async function openFilesOf(
  pid: number,
  all: readonly Listed[],
  host: Host,
): Promise<ReadonlyMap<number, string>> {
  const links = await linksOf(pid, host);
  const connections = [...links.values()].some((target) => target.startsWith('socket:'))
    ? await connectionsOf(pid, host)
    : new Map<string, string>();
  const pipes = new Set([...links.values()].filter((target) => target.startsWith('pipe:')));
  const others = pipes.size === 0 ? new Map<string, Listed[]>() : await holdersOf(pipes, pid, all, host);
  return new Map([...links].map(([number, target]) => [number, describe(target, connections, others)]));
}

function describe(
  target: string,
  connections: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, readonly Listed[]>,
): string {
  const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  if (inode !== undefined) return connections.get(inode) ?? target;
  if (!target.startsWith('pipe:')) return target;
  const holders = others.get(target) ?? [];
  if (holders.length === 0) return `${target}, open in no other process`;
  const shown = holders.slice(0, 3).map(({ pid, command }) => `${pid} (${shorten(showCommand(command))})`);
  return `${target}, open in ${shown.join(', ')}${holders.length > 3 ? ` and ${holders.length - 3} more` : ''}`;
}

function shorten(command: string): string {
  return command.length > 40 ? `${command.slice(0, 39)}…` : command;
}

const MOST_FILES = 300;

async function linksOf(pid: number, host: Host): Promise<Map<number, string>> {
  const numbers = ((await host.listDir(`/proc/${pid}/fd`)) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((one, other) => one - other)
    .slice(0, MOST_FILES);
  const links = await host.readLinks(numbers.map((number) => `/proc/${pid}/fd/${number}`));
  return new Map(
    numbers.flatMap((number) => {
      const target = links.get(`/proc/${pid}/fd/${number}`);
      return target === undefined ? [] : [[number, target] as const];
    }),
  );
}

/** Other processes that have one of the pipes open. Behind a prefix only relatives are asked: each question costs time there. */
async function holdersOf(
  pipes: ReadonlySet<string>,
  pid: number,
  all: readonly Listed[],
  host: Host,
): Promise<Map<string, Listed[]>> {
  const own = all.find((one) => one.pid === pid);
  const candidates = all.filter(
    (one) => one.pid !== pid && (host.isLocal || one.parentPid === pid || one.pid === own?.parentPid),
  );
  const found = new Map<string, Listed[]>();
  for (const one of candidates.slice(0, host.isLocal ? 2000 : 10)) {
    const targets = new Set((await linksOf(one.pid, host)).values());
    for (const target of targets) {
      if (!pipes.has(target)) continue;
      const holders = found.get(target);
      if (holders === undefined) found.set(target, [one]);
      else holders.push(one);
    }
  }
  return found;
}
