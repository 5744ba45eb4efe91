/** What a thread does in the kernel, as far as /proc/PID/task/TID/syscall tells. */
export interface Syscall {
  readonly name: string;
  /** First argument where that is an open file. */
  readonly file: number | undefined;
  /** A word of memory that is waited for, with the operation. */
  readonly futex: { readonly address: bigint; readonly operation: number } | undefined;
  /** Process that is waited for; -1 is any child. */
  readonly child: number | undefined;
}

type Kind = 'file' | 'futex' | 'child' | 'other';

/** Calls that block: their numbers on x86_64 and aarch64. */
const CALLS: readonly (readonly [name: string, kind: Kind, x64: number | undefined, arm64: number | undefined])[] = [
  ['read', 'file', 0, 63],
  ['write', 'file', 1, 64],
  ['poll', 'other', 7, undefined],
  ['ppoll', 'other', 271, 73],
  ['select', 'other', 23, undefined],
  ['pselect6', 'other', 270, 72],
  ['pread64', 'file', 17, 67],
  ['pwrite64', 'file', 18, 68],
  ['readv', 'file', 19, 65],
  ['writev', 'file', 20, 66],
  ['connect', 'file', 42, 203],
  ['accept', 'file', 43, 202],
  ['accept4', 'file', 288, 242],
  ['sendto', 'file', 44, 206],
  ['recvfrom', 'file', 45, 207],
  ['sendmsg', 'file', 46, 211],
  ['recvmsg', 'file', 47, 212],
  ['flock', 'file', 73, 32],
  ['fcntl', 'file', 72, 25],
  ['fsync', 'file', 74, 82],
  ['fdatasync', 'file', 75, 83],
  ['ioctl', 'file', 16, 29],
  ['epoll_wait', 'file', 232, undefined],
  ['epoll_pwait', 'file', 281, 22],
  ['futex', 'futex', 202, 98],
  ['wait4', 'child', 61, 260],
  ['nanosleep', 'other', 35, 101],
  ['clock_nanosleep', 'other', 230, 115],
];

const BY_NUMBER: Readonly<Record<string, ReadonlyMap<number, (typeof CALLS)[number]>>> = {
  x86_64: new Map(CALLS.flatMap((call) => (call[2] === undefined ? [] : [[call[2], call] as const]))),
  aarch64: new Map(CALLS.flatMap((call) => (call[3] === undefined ? [] : [[call[3], call] as const]))),
};

// "202 0x7f8c9af3d990 0x109 0x3b2c 0x0 0x0 0xffffffff 0x7ffe48838f50 0x7f8c9b0a3f16"; "running" and "-1 0x… 0x…" are no calls
const SYSCALL = /^(\d+)((?: 0x[0-9a-f]+){8})\s*$/;

export function parseSyscall(text: string, machine: string): Syscall | undefined {
  const found = SYSCALL.exec(text);
  const call = BY_NUMBER[machine]?.get(Number(found?.[1]));
  if (found === null || call === undefined) return undefined;
  const [first = 0n, second = 0n] = (found[2] ?? '').trim().split(' ').map(BigInt);
  const [name, kind] = call;
  return {
    name,
    file: kind === 'file' && first < 1_000_000n ? Number(first) : undefined,
    futex: kind === 'futex' ? { address: first, operation: Number(second & 0x7fn) } : undefined,
    child: kind === 'child' ? Number(BigInt.asIntN(32, first)) : undefined,
  };
}
