import type { ProcessEntry } from './process-table.ts';

/** USER_HZ, which the kernel's interface fixes on every architecture that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

/**
 * `4242 (name (odd) S 1 4242 4242 0 -1 …`: the name may hold spaces and brackets, so fields are counted after its last one.
 * Numbers of fields are those of proc_pid_stat(5).
 */
export function parseStat(text: string): ProcessEntry | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const rest = text
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  const field = (number: number): string => rest[number - 3] ?? '0';
  const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + Number(field(number)), 0);
  return {
    pid: Number(text.slice(0, open)),
    state: field(3),
    parentPid: Number(field(4)),
    groupId: Number(field(5)),
    sessionId: Number(field(6)),
    cpuSeconds: ticks / CLOCK_TICKS_PER_SECOND,
    startTime: field(22),
    name: text.slice(open + 1, close),
  };
}

/** The process group in the foreground of the terminal that a process belongs to; `undefined` without a terminal. */
export function parseForeground(text: string): number | undefined {
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [terminal, foreground] = [Number(rest[4]), Number(rest[5])];
  return terminal > 0 && foreground > 0 ? foreground : undefined;
}
