import type { Host } from './host.ts';
import { pause } from './pause.ts';
import { type Listed, lookAt } from './processes.ts';

/** What /proc tells of a process before any tool touches it. */
export interface Sight extends Listed {
  /** States of all threads: one in D keeps every tool waiting. */
  readonly threads: readonly { readonly tid: number; readonly state: string }[];
  /** Process that traces it; 0 for none. */
  readonly tracer: number;
  readonly uid: number | undefined;
  /** Its numbers, from the namespace of the host inwards. */
  readonly namespacePids: readonly number[];
  readonly executable: string | undefined;
  /** Whether it sees the same files as the tools do. */
  readonly sameFiles: boolean | undefined;
  /** `undefined` where that cannot be read. */
  readonly isPython: boolean | undefined;
}

const LOOKS = 5;
const BETWEEN_SECONDS = 0.1;

/**
 * The same, but a thread counts as uninterruptible, and the process as traced, only where that lasts: each read from a disk
 * is such a state for a moment, and so is another tool's look.
 */
export async function steadySightOf(pid: number, host: Host): Promise<Sight | undefined> {
  let sight = await sightOf(pid, host);
  for (let look = 1; look < LOOKS && sight !== undefined && isMomentary(sight); look += 1) {
    await pause(BETWEEN_SECONDS);
    const before = new Map(sight.threads.map((thread) => [thread.tid, thread.state]));
    const now = await sightOf(pid, host);
    sight = now && { ...now, threads: now.threads.map((thread) => steady(thread, before.get(thread.tid))) };
  }
  return sight;
}

function isMomentary({ tracer, threads }: Sight): boolean {
  return tracer !== 0 || threads.some(({ state }) => state === 'D');
}

function steady(now: Sight['threads'][number], before: string | undefined): Sight['threads'][number] {
  return now.state === 'D' && before !== 'D' ? { ...now, state: 'S' } : now;
}

export async function sightOf(pid: number, host: Host): Promise<Sight | undefined> {
  const [listed] = await lookAt([pid], host);
  if (listed === undefined) return undefined;
  const folder = `/proc/${pid}`;
  const tids = (await host.listDir(`${folder}/task`))?.filter((name) => /^\d+$/.test(name)).map(Number) ?? [];
  const texts = await host.readFiles([
    `${folder}/status`,
    `${folder}/maps`,
    ...tids.map((tid) => `${folder}/task/${tid}/stat`),
  ]);
  const links = await host.readLinks([`${folder}/exe`, `${folder}/ns/mnt`, '/proc/self/ns/mnt']);
  const status = texts.get(`${folder}/status`) ?? '';
  const executable = links.get(`${folder}/exe`);
  const mounts = links.get(`${folder}/ns/mnt`);
  return {
    ...listed,
    threads: tids.flatMap((tid) => {
      const state = stateIn(texts.get(`${folder}/task/${tid}/stat`));
      return state === undefined ? [] : [{ tid, state }];
    }),
    tracer: Number(field(status, 'TracerPid') ?? 0),
    uid: numberIn(field(status, 'Uid')),
    namespacePids: (field(status, 'NSpid') ?? '').split(/\s+/).filter(Boolean).map(Number),
    executable,
    sameFiles: mounts === undefined ? undefined : mounts === links.get('/proc/self/ns/mnt'),
    isPython: isPython(executable, texts.get(`${folder}/maps`)),
  };
}

/** "Uid:	1000	1000	1000	1000": what follows the name. */
export function field(status: string, name: string): string | undefined {
  return status
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim();
}

function numberIn(text: string | undefined): number | undefined {
  const found = /^\d+/.exec(text ?? '')?.[0];
  return found === undefined ? undefined : Number(found);
}

/** "8413 (a thread) S 1 …" */
function stateIn(stat: string | undefined): string | undefined {
  return /\) ([A-Za-z]) /.exec(stat?.slice(stat.lastIndexOf(')')) ?? '')?.[1];
}

/** An interpreter, or a program with one inside of it. */
function isPython(executable: string | undefined, maps: string | undefined): boolean | undefined {
  const name = executable?.replace(/ \(deleted\)$/, '').replace(/^.*\//, '');
  if (name !== undefined && /^(?:python|pypy)[\d.]*t?$/.test(name)) return true;
  // Its owner may read both, or neither.
  if (maps === undefined || maps === '') return undefined;
  return /\/(?:libpython[\d.]+t?\.so|libpypy[\d.]*-c\.so|[^\n]*\.cpython-\d+[^\n]*\.so)/.test(maps);
}
