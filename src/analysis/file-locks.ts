import { type FileLock, makeProcess, type Process } from '../model/process.ts';
import { argumentOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';

/** Threads that wait for a lock on a file, and the process that holds it, by the kernel's list. */
export interface FileLockWait {
  readonly id: string;
  readonly label: string;
  readonly waiters: readonly ThreadFacts[];
  readonly holder: FileLockHolder | undefined;
}

interface FileLockHolder {
  readonly pid: number;
  /** The thread, where the process is in the capture and it is told or can be concluded. */
  readonly thread: ThreadFacts | undefined;
  readonly process: Process;
  readonly inferred: boolean;
  readonly why: string;
}

/** Needs /proc/locks in the capture: without it any process of the machine could hold the lock. */
export function readFileLocks(
  byProcess: ReadonlyMap<Process, readonly ThreadFacts[]>,
  processes: readonly Process[],
): FileLockWait[] {
  const locks = processes.flatMap(({ fileLocks }) => fileLocks ?? []);
  if (locks.length === 0) return [];
  const wanted = wantedInodes(locks);
  const byInode = new Map<string, ThreadFacts[]>();
  for (const waiter of [...byProcess.values()].flat()) {
    const inode = wanted(waiter);
    const known = inode === undefined ? undefined : byInode.get(inode);
    if (known !== undefined) known.push(waiter);
    else if (inode !== undefined) byInode.set(inode, [waiter]);
  }
  const held = new Map<string, FileLock[]>();
  for (const lock of locks.filter((one) => !one.waits && byInode.has(one.inode) && blocks(one)))
    held.set(lock.inode, [...(held.get(lock.inode) ?? []).slice(0, MOST_HOLDERS), lock]);
  return [...byInode].map(([inode, waiters]) => ({
    id: `file ${inode}`,
    label: `the lock on ${pathOf(waiters) ?? `file ${inode}`}`,
    waiters,
    holder: holderOf(held.get(inode) ?? [], waiters, byProcess),
  }));
}

/** More readers than this are as good as unknown. */
const MOST_HOLDERS = 8;

/** The file for whose lock the kernel lets a process wait; SQLite does not wait but asks again and again. */
function wantedInodes(locks: readonly FileLock[]): (waiter: ThreadFacts) => string | undefined {
  const blocked = new Map(locks.filter(({ waits }) => waits).map(({ pid, inode }) => [pid, inode]));
  const databases = new Set(locks.filter(isSqlites).map(({ inode }) => inode));
  const [database] = databases;
  return ({ thread, process, frames }) => {
    if (thread.wait?.kind === 'file-lock') return blocked.get(process.pid ?? -1);
    if (databases.size !== 1 || !frames.some(({ bare }) => SQLITE_BUSY.test(bare))) return undefined;
    return database;
  };
}

const SQLITE_BUSY = /^(?:sqlite3InvokeBusyHandler|btreeInvokeBusyHandler|sqliteDefaultBusyCallback)$/;

/** The bytes of SQLite's locks: pending, reserved, and 510 shared ones behind them. */
const PENDING = 0x40000000;

function isSqlites({ start }: FileLock): boolean {
  return start >= PENDING && start < PENDING + 512;
}

/** A reader of SQLite's shared bytes does not keep others from reserving the file. */
function blocks(lock: FileLock): boolean {
  return !isSqlites(lock) || lock.start < PENDING + 2;
}

function holderOf(
  holding: readonly FileLock[],
  waiters: readonly ThreadFacts[],
  byProcess: ReadonlyMap<Process, readonly ThreadFacts[]>,
): FileLockHolder | undefined {
  const pids = new Set(holding.map(({ pid }) => pid));
  const [pid] = pids;
  if (pid === undefined || pids.size > 1 || pid <= 0) return undefined;
  const [process, threads = []] = [...byProcess].find(([one]) => one.pid === pid) ?? [];
  const told = { pid, inferred: false, why: 'the kernel lists it as the holder' };
  if (process === undefined)
    return { ...told, thread: undefined, process: makeProcess({ pid, threads: [], place: NOWHERE }) };
  const others = threads.filter((one) => !waiters.includes(one) && runsProgram(one));
  const [only] = others;
  if (only !== undefined && others.length === 1) {
    const alone = process.threads.length === 1;
    const why = alone ? told.why : 'its process holds the lock, and no other thread of that runs code of the program';
    return { pid, thread: only, process, inferred: !alone, why };
  }
  return { ...told, thread: undefined, process };
}

const NOWHERE = { source: '', line: 0 };

function runsProgram({ thread }: ThreadFacts): boolean {
  return thread.userFrame !== undefined && thread.idleAs === undefined;
}

/** The name of the file: the waiter's, by the number that it waits on, or the only one that it has open. */
function pathOf(waiters: readonly ThreadFacts[]): string | undefined {
  for (const { thread, process } of waiters) {
    const told = thread.frames.map((frame) => argumentOf(frame, ['fd', '__fd'])).find((fd) => fd !== undefined);
    const path = process.files?.find(({ fd }) => String(fd) === told)?.path ?? onlyFile(process);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Standard input and output aside, and what a database keeps beside its file. */
function onlyFile({ files = [] }: Process): string | undefined {
  const paths = new Set(
    files.filter(({ fd, path }) => fd > 2 && /^\/(?!dev\/|proc\/|sys\/)/.test(path)).map(({ path }) => path),
  );
  const own = [...paths].filter((path) => !/-(?:journal|wal|shm)$/.test(path));
  return own.length === 1 ? own[0] : undefined;
}
