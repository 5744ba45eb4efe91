import type { Warning } from '../model/dump.ts';
import type { Host } from './host.ts';
import { isPythonCommand, type Listed } from './processes.ts';
import type { Rights } from './rights.ts';
import type { Sight } from './sight.ts';
import { showCommand } from './text.ts';

/** A warning about a process, with the way out. */
export function warn(code: string, pid: number | undefined, message: string, hint: string | undefined): Warning {
  return { code, message, hint, source: pid === undefined ? undefined : `process ${pid}`, line: undefined };
}

/** What stands in the way of looking at a process at all. */
export async function whyNotThere(pid: number, all: readonly Listed[], host: Host, rights: Rights): Promise<Warning> {
  if (!rights.hasProc)
    return warn(
      'no-proc',
      pid,
      `there is no /proc ${host.isLocal ? 'on this system' : `where "${host.name}" leads`}, which is needed to find the process and its threads`,
      'Run a tool by itself: sudo py-spy dump --pid PID | whyhung. On macOS only root may read another process.',
    );
  const outside = await findInner(pid, all, host);
  if (outside.length > 0)
    return warn(
      'other-pid-namespace',
      pid,
      `there is no process with that number here; inside a container it is the number of ${outside.length === 1 ? 'process' : 'processes'} ${outside.join(', ')}`,
      `Use the number that it has here: whyhung attach ${outside[0]}`,
    );
  if (rights.hidesOthers)
    return warn(
      'processes-hidden',
      pid,
      'there is no process with that number to be seen: /proc hides the processes of other users here (hidepid)',
      `Look as root: sudo env "PATH=$PATH" whyhung attach ${pid}`,
    );
  const where = host.isLocal ? '' : ` where "${host.name}" leads`;
  return warn(
    'process-not-found',
    pid,
    `there is no process with that number${where}: it has ended, or it has another number in this pid namespace`,
    rights.container === undefined
      ? 'Find it with: pgrep -af python   or by its name: whyhung attach NAME'
      : 'Inside a container processes have numbers of their own. Find it with: pgrep -af python   or by its name: whyhung attach NAME',
  );
}

/** Processes that have the number in a namespace of their own. */
async function findInner(pid: number, all: readonly Listed[], host: Host): Promise<number[]> {
  const texts = await host.readFiles(all.map((one) => `/proc/${one.pid}/status`));
  return all.flatMap((one) => {
    const numbers = /^NSpid:\s+(\d+)\s.*?(\d+)$/m.exec(texts.get(`/proc/${one.pid}/status`) ?? '');
    return numbers?.[2] === String(pid) && numbers[1] !== numbers[2] ? [one.pid] : [];
  });
}

/** What about the process keeps tools from working as they should. */
export function obstaclesOf(sight: Sight, all: readonly Listed[]): Warning[] {
  const { pid, state, tracer } = sight;
  if (state === 'Z' || state === 'X') {
    const parent = all.find((one) => one.pid === sight.parentPid);
    const who = parent === undefined ? `${sight.parentPid}` : `${parent.pid} (${showCommand(parent.command)})`;
    return [
      warn(
        'process-is-zombie',
        pid,
        `the process has ended and is a zombie: its parent ${who} has not waited for it`,
        `Look at the parent instead: whyhung attach ${sight.parentPid}`,
      ),
    ];
  }
  if (tracer !== 0)
    return [
      warn(
        'already-traced',
        pid,
        `another debugger or tracer, process ${tracer}, already holds the process`,
        `End that first (ps -fp ${tracer}), then attach again.`,
      ),
    ];
  return [...whyNotStopped(sight), ...noPython(sight, all)];
}

function whyNotStopped({ pid, threads, state }: Sight): Warning[] {
  if (state === 'T' || state === 't')
    return [
      warn(
        'process-is-stopped',
        pid,
        'the process is stopped (state T): a SIGSTOP, a SIGTSTP (Ctrl-Z), or reading a terminal in the background',
        `If nobody wants it stopped, let it go on: kill -CONT ${pid}`,
      ),
    ];
  const uninterruptible = threads.filter((thread) => thread.state === 'D').map(({ tid }) => tid);
  if (uninterruptible.length === 0) return [];
  return [
    warn(
      'uninterruptible-threads',
      pid,
      `${uninterruptible.length === 1 ? 'thread' : 'threads'} ${uninterruptible.slice(0, 8).join(', ')} cannot be interrupted (state D): ${uninterruptible.length === 1 ? 'it waits' : 'they wait'} in the kernel for a disk, a network file system or a device, and tools that stop the process would wait, too`,
      `See for what, as root: cat /proc/${pid}/task/${uninterruptible[0]}/stack   and look at dmesg and the mounts`,
    ),
  ];
}

function noPython(sight: Sight, all: readonly Listed[]): Warning[] {
  if (sight.isPython !== false) return [];
  const children = all.filter(({ parentPid, command }) => parentPid === sight.pid && isPythonCommand(command));
  const [child] = children;
  const program = sight.executable ?? sight.command[0] ?? '?';
  return [
    warn(
      'no-python',
      sight.pid,
      `there is no Python in the process (${showCommand([program])})`,
      child === undefined
        ? 'Find the Python process: pgrep -af python. For a process that is about to start Python, wait.'
        : `Its child ${child.pid} runs Python: ${showCommand(child.command)}\nwhyhung attach ${child.pid}   or with all children: whyhung attach ${sight.pid} --subprocesses`,
    ),
  ];
}

/** Whether the tools are sure to be refused. Where it is only likely, they are asked: a parent may trace, for example. */
export function isForbidden({ uid }: Sight, { yama, mayTraceAll, uid: own }: Rights): boolean {
  if (yama === 3) return true;
  return mayTraceAll === false && (yama === 2 || (uid !== undefined && uid !== own));
}

function whyNoPtrace(sight: Sight, rights: Rights, host: Host): Warning | undefined {
  if (rights.yama === 3)
    return noRights(
      sight,
      'the kernel lets nobody trace a process until the next boot (yama/ptrace_scope is 3)',
      'Boot with kernel.yama.ptrace_scope below 3, or let the program print its stacks itself: python -X faulthandler, then kill -ABRT PID (ends it).',
    );
  if (rights.mayTraceAll !== false) return undefined;
  const { pid, uid } = sight;
  if (rights.uid === 0) return noRights(sight, 'root lacks the capability SYS_PTRACE here', capabilityHint(rights));
  if (uid !== undefined && uid !== rights.uid)
    return noRights(
      sight,
      `the process belongs to another user (${uid}), and reading it takes that user or root`,
      host.isLocal
        ? asRoot(pid, rights)
        : 'Let the prefix run commands as that user or as root, such as: docker exec -u 0 …',
    );
  if (rights.yama === undefined || rights.yama === 0) return undefined;
  return noRights(
    sight,
    rights.yama === 1
      ? 'the kernel lets only a parent trace a process (yama/ptrace_scope is 1)'
      : 'the kernel lets only the capability SYS_PTRACE trace a process (yama/ptrace_scope is 2)',
    `sudo env "PATH=$PATH" whyhung attach ${pid}${rights.yama === 1 ? '   or allow it until the next boot: sudo sysctl kernel.yama.ptrace_scope=0' : ''}`,
    'yama-ptrace-scope',
  );
}

function asRoot(pid: number, { container }: Rights): string {
  const inside = container === undefined ? '' : '   or, in a container, enter it as root: docker exec -u 0 …';
  return `sudo env "PATH=$PATH" whyhung attach ${pid}${inside}`;
}

/** Why the tools may not read the process, and how they may. */
export function refused(sight: Sight, rights: Rights, host: Host): Warning {
  const known = whyNoPtrace(sight, rights, host);
  if (known !== undefined) return known;
  if (rights.container !== undefined)
    return noRights(sight, 'the container does not allow to trace processes', capabilityHint(rights));
  return noRights(
    sight,
    'the kernel or a security module (SELinux, AppArmor, seccomp) refused to let the process be read, or the process made itself unreadable',
    'See what refused it: sudo dmesg | tail   and: grep -E "Seccomp|NoNewPrivs|CapEff" /proc/self/status',
  );
}

const ONLY_PROC = '; only what /proc tells everybody was read';

function noRights({ pid }: Sight, reason: string, hint: string, code = 'no-ptrace-rights'): Warning {
  return warn(code, pid, `no right to read the stacks: ${reason}${ONLY_PROC}`, hint);
}

function capabilityHint({ container }: Rights): string {
  if (container === 'kubernetes')
    return 'In Kubernetes: kubectl debug POD --image=IMAGE --target=CONTAINER --profile=sysadmin -it (docs/kubernetes.md)';
  if (container === 'podman') return 'Start the container with: podman run --cap-add SYS_PTRACE …';
  return 'Start the container with: docker run --cap-add SYS_PTRACE …   or attach from outside, as root, with the number that the process has there';
}
