import type { KnownFrame } from '../frames/known-frame.ts';
import type { WaitKind } from '../model/wait.ts';
import { addressOf } from './addresses.ts';

/** Which arguments name what is waited for, by the kind of wait. */
const TARGETS: Partial<Record<WaitKind, { readonly names: readonly string[]; readonly says: string }>> = {
  lock: { names: ['self', 'mutex', '__mutex', 'rwlock', 'lock', 'm', 'futex', 'futex_word'], says: 'lock' },
  semaphore: { names: ['self', 'sem'], says: 'semaphore' },
  condition: { names: ['self', 'cond'], says: 'condition' },
  read: { names: ['fd', '__fd', 'fildes', 'sockfd'], says: 'file' },
  write: { names: ['fd', '__fd', 'fildes', 'sockfd'], says: 'file' },
  connect: { names: ['fd', '__fd', 'sockfd'], says: 'file' },
  accept: { names: ['fd', '__fd', 'sockfd'], says: 'file' },
  'file-lock': { names: ['fd', '__fd'], says: 'file' },
  child: { names: ['pid', '__pid', 'id'], says: 'pid' },
  join: { names: ['threadid', 'self'], says: 'thread' },
};

/** What a thread waits for, in words, as far as arguments tell: "lock 0x7f96a8491680", "file 5", "pid 4217". */
export function readTarget(kind: WaitKind, frames: readonly KnownFrame[]): string | undefined {
  const wanted = TARGETS[kind];
  if (wanted === undefined) return undefined;
  // Outer frames know the object that people mean, inner ones the futex inside of it.
  for (const { frame } of [...frames].reverse()) {
    for (const { name, value } of frame.arguments) {
      const target = wanted.names.includes(name) ? plainTarget(value) : undefined;
      if (target !== undefined) return `${wanted.says} ${target}`;
    }
  }
  return undefined;
}

/** "0x7f…40 <guard>" is called guard, "-1" is any child and "0x0" nothing. */
function plainTarget(value: string): string | undefined {
  const symbol = /^0x[0-9a-f]+ <([A-Za-z_][\w:]*)>/.exec(value)?.[1];
  if (symbol !== undefined) return symbol;
  const address = addressOf(value);
  if (address !== undefined) return address;
  return /^\d{1,7}$/.test(value) ? value : undefined;
}
