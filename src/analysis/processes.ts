import { isAt } from '../frames/places.ts';
import type { Process } from '../model/process.ts';
import { argumentOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';

/** A process that waits for another of the capture: for its end, or for the other end of a pipe. */
export interface ProcessWait {
  readonly waiter: ThreadFacts;
  readonly target: Process;
  readonly kind: 'awaits-child' | 'awaits-peer';
  readonly inferred: boolean;
  readonly why: string;
}

/** Waits between the processes of a capture, as far as parentage and the kind of wait tell. */
export function readProcessWaits(threads: readonly ThreadFacts[], processes: readonly Process[]): ProcessWait[] {
  if (processes.length < 2) return [];
  const children = new Map<number, Process[]>();
  const byPid = new Map<number, Process>();
  for (const process of processes) {
    if (process.pid !== undefined) byPid.set(process.pid, process);
    if (process.parentPid === undefined) continue;
    const siblings = children.get(process.parentPid);
    if (siblings === undefined) children.set(process.parentPid, [process]);
    else siblings.push(process);
  }
  return threads.flatMap((waiter) => [...childWait(waiter, children, byPid), ...peerWait(waiter, children, byPid)]);
}

type Children = ReadonlyMap<number, readonly Process[]>;
type ByPid = ReadonlyMap<number, Process>;

function childWait(waiter: ThreadFacts, children: Children, byPid: ByPid): ProcessWait[] {
  if (waiter.thread.wait?.kind !== 'child') return [];
  const named = byPid.get(waitedPid(waiter) ?? -1);
  if (named !== undefined)
    return [
      { waiter, target: named, kind: 'awaits-child', inferred: false, why: 'its pid is the argument of the wait' },
    ];
  const own = children.get(waiter.process.pid ?? -1) ?? [];
  const [only] = own;
  if (only === undefined || own.length > 1) return [];
  return [{ waiter, target: only, kind: 'awaits-child', inferred: true, why: 'it has no other child in this capture' }];
}

/** gdb: "wait4 (pid=4217, …)"; py-spy --locals: "pid: 4217" in poll() and _try_wait(). */
function waitedPid({ thread }: ThreadFacts): number | undefined {
  for (const index of thread.wait?.frames ?? []) {
    const frame = thread.frames[index];
    const value =
      frame === undefined
        ? undefined
        : (argumentOf(frame, ['pid']) ?? frame.locals.find(({ name }) => name === 'pid')?.value);
    if (value !== undefined && /^\d+$/.test(value)) return Number(value);
  }
  return undefined;
}

/** Reading or writing a pipe waits for the process at its other end: the parent, or an only child. */
function peerWait(waiter: ThreadFacts, children: Children, byPid: ByPid): ProcessWait[] {
  const { wait } = waiter.thread;
  if ((wait?.kind !== 'read' && wait?.kind !== 'write') || !usesPipe(waiter) || asksManager(waiter)) return [];
  const own = children.get(waiter.process.pid ?? -1) ?? [];
  const parent = byPid.get(waiter.process.parentPid ?? -1);
  const ends = [...own, ...(parent === undefined ? [] : [parent])];
  const [only] = ends;
  if (only === undefined || ends.length > 1) return [];
  return [
    {
      waiter,
      target: only,
      kind: 'awaits-peer',
      inferred: true,
      why: `it ${wait.kind}s a pipe, and this is the only relative in the capture`,
    },
  ];
}

/** The other end is then the manager's, whoever the parent is. */
function asksManager({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame, plain }) => plain === '_callmethod' && isAt(frame, 'multiprocessing/managers.py'));
}

function usesPipe({ frames }: ThreadFacts): boolean {
  return !frames.some(
    ({ frame, bare }) =>
      (frame.language !== 'python' && /^sock_|^_ssl|^SSL_|^recv|^send/.test(bare)) ||
      isAt(frame, 'socket.py') ||
      isAt(frame, 'ssl.py'),
  );
}
