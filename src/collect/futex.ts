import { open } from 'node:fs/promises';
import type { Syscall } from './syscalls.ts';

/** Operations of futex(2): waiting for a value, and for a lock with priority inheritance. */
const WAIT = 0;
const LOCK_PI = 6;
/** glibc's mutex holds 2 while somebody waits. */
const CONTENDED = 2;

/**
 * Thread that holds the mutex which another waits for, read from its memory without stopping it. glibc's pthread_mutex_t
 * begins with the lock word, a count, and the kernel's id of the owner; only where that is a thread of the process, it is
 * believed. The locks of Python itself name no owner.
 */
export async function mutexOwner(
  pid: number,
  { futex }: Syscall,
  tids: ReadonlySet<number>,
): Promise<number | undefined> {
  if (futex === undefined || (futex.operation !== WAIT && futex.operation !== LOCK_PI)) return undefined;
  const words = await readWords(pid, futex.address);
  if (words === undefined) return undefined;
  const [lock = 0, , owner = 0] = words;
  if (futex.operation === WAIT && lock !== CONTENDED) return undefined;
  return tids.has(owner) ? owner : undefined;
}

async function readWords(pid: number, address: bigint): Promise<number[] | undefined> {
  try {
    const memory = await open(`/proc/${pid}/mem`, 'r');
    try {
      const bytes = Buffer.alloc(12);
      // Addresses of programs have 47 bits, or 56 on new machines with large memory, which then are not read.
      if (address > Number.MAX_SAFE_INTEGER) return undefined;
      const { bytesRead } = await memory.read({ buffer: bytes, position: Number(address) });
      return bytesRead < 12 ? undefined : [0, 4, 8].map((at) => bytes.readUInt32LE(at));
    } finally {
      await memory.close();
    }
  } catch {
    return undefined;
  }
}
