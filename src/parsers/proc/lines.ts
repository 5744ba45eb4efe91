import type { FileLock, OpenFile } from '../../model/process.ts';

// "/proc/900/task/901/stack", "==> /proc/900/stack <==", "$ cat /proc/900/task/901/syscall", "/proc/900/task/901:"
const PATH =
  /^\s*(?:==> )?(?:[$#%>]\s+|\S+[$#]\s+)?(?:sudo )?(?:(?:cat|head|tail|grep \S+)\s+)?\/proc\/(?<pid>\d+)(?:\/task\/(?<tid>\d+))?(?:\/(?<file>stack|wchan|syscall|status|comm|stat|cmdline))?\/?(?: <==|:)?$/;

// "/proc/900/task/901/stack:[<0>] futex_do_wait+0x46/0x90", as `grep .` prints. `whyhung attach` adds in the same form what
// the kernel has no such file for: "/proc/900/packages:pyzmq 22.3.0", "/proc/900/task/901/whyhung:read() on file 5: pipe:[77]"
const PREFIXED =
  /^\s*\/proc\/(?<pid>\d+)(?:\/task\/(?<tid>\d+))?\/(?<file>stack|wchan|syscall|status|comm|stat|cmdline|exe|cgroup|limits|fd\/\d+|children|forked|packages|whyhung):(?<content>.*)$/;

// "/proc/900/fd/3 -> /srv/app/cache.lock", "/proc/900/fd/5 -> pipe:[273670]"
const FILE = /^\s*\/proc\/(?<pid>\d+)\/fd\/(?<fd>\d{1,7}) -> (?<path>\S.*)$/;

// "1: FLOCK  ADVISORY  WRITE 1476 fe:00:9988409 0 EOF", "1: -> FLOCK  ADVISORY  WRITE 1477 fe:00:9988409 0 EOF"
const LOCK =
  /^\s*(?:\/proc\/locks:)?\d+: (?<waits>-> )?\s*(?:POSIX|FLOCK|OFDLCK|LEASE)\s+\S+\s+(?:READ|WRITE|RW)\s+(?<pid>-?\d+) (?<inode>[0-9a-f]+:[0-9a-f]+:\d+) (?<start>\d+) (?:\d+|EOF)$/;

/** An open file, and whose. */
export function parseFile(text: string): { readonly pid: number; readonly file: OpenFile } | undefined {
  const found = FILE.exec(text)?.groups;
  return found?.path === undefined
    ? undefined
    : { pid: Number(found.pid), file: { fd: Number(found.fd), path: found.path } };
}

export function parseLock(text: string): FileLock | undefined {
  const found = LOCK.exec(text)?.groups;
  if (found?.inode === undefined) return undefined;
  const { pid, inode, waits, start } = found;
  return { pid: Number(pid), inode, waits: waits !== undefined, start: Number(start) };
}

/** Where a line comes from, as far as its path tells. */
export interface Origin {
  readonly pid: number;
  readonly tid: number;
  readonly file: string | undefined;
}

export interface ProcLine {
  readonly origin: Origin;
  /** What follows the path on the same line. */
  readonly content: string | undefined;
}

export function parsePath(text: string): ProcLine | undefined {
  if (!text.includes('/proc/')) return undefined;
  const found = (PATH.exec(text) ?? PREFIXED.exec(text))?.groups;
  if (found?.pid === undefined) return undefined;
  const pid = Number(found.pid);
  // Without a task the files are those of the main thread.
  const tid = Number(found.tid ?? found.pid);
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(tid)) return undefined;
  return { origin: { pid, tid, file: found.file }, content: found.content };
}

// "State:	D (disk sleep)", with the tab or what is left of it
export const STATE = /^\s*State:\s+(?<letter>[A-Za-z])(?: \((?<says>[^)]*)\))?$/;

// "Name:	python3"; may be empty
export const NAME = /^\s*Name:\s*(?<name>.*)$/;

// "Pid:	901": the thread's, whatever its name says
export const PID = /^\s*(?<key>Tgid|Pid|PPid|TracerPid):\s+(?<id>\d+)$/;

// The other keys of `status`: "voluntary_ctxt_switches:	17", "Cpus_allowed_list:	0-1"
export const STATUS_KEY =
  /^\s*[A-Z][A-Za-z_]+:(?:\s|$)|^\s*(?:non)?voluntary_ctxt_switches:\s+\d+$|^\s*untag_mask:|^\s*x86_\w+:/;

// "202 0x7f8c9af3d990 0x109 0x3b2c 0x0 0x0 0xffffffff 0x7ffe48838f50 0x7f8c9b0a3f16", "-1 0x7ffe 0x7f8c", "running"
export const SYSCALL = /^\s*(?:(?<number>-?\d+)(?: 0x[0-9a-f]+){2,8}|running)$/;

// "futex_do_wait", "0": wchan has no newline, so that two of them may run together
export const WCHAN = /^\s*(?<symbol>0|[a-z_][\w.]*)$/;

// "901 (python3) S 900 …": stat
export const STAT =
  /^\s*(?<tid>\d+) \((?<name>.*)\) (?<letter>[A-Za-z]) (?:-?\d+ ){10}(?:(?<user>\d+) (?<system>\d+) )?/;

// "pyzmq 22.3.0": packages, as `whyhung attach` writes them
export const PACKAGE = /^(?<name>[\w.-]+) (?<version>\d[\w.+!]*)$/;

// "waits for a mutex that thread 901 holds": what `whyhung attach` read in the memory of the process
export const OWNER = /^waits for a mutex that thread (?<tid>\d+) holds$/;
