import { draftProcess, draftThread, type ProcessDraft, type ThreadDraft } from './_shared/drafts.ts';
import { parseKernelLine } from './_shared/kernel-frames.ts';
import { asLogicalLines, collectSkipped } from './_shared/logical-lines.ts';
import { defineTextParser, type Line, type Parsed, type TextSection } from './parser.ts';

// "[12345.678901] ", "kernel: [12345.678901] ", "<3>[ 123.45] ": what dmesg, syslog and consoles put before each line
const STAMP = /^\s*(?:.{0,60}\bkernel: ?)?(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[[TC] *\d+\])? ?)?/;

// "INFO: task python3:1234 blocked for more than 120 seconds."
const BLOCKED = /^\s*INFO: task (?<name>.+):(?<pid>\d+) (?:is )?blocked (?<says>.*for more than \d+ seconds)\.?$/;

// "task:python3         state:D stack:    0 pid: 1234 ppid:     1 flags:0x00000004"
const TASK = /^\s*task:(?<name>.+?)\s+state:(?<state>[A-Za-z])\s.*\bpid: *(?<pid>\d+)(?: .*?\bppid: *(?<parent>\d+))?/;

// "python3         D ffff88081d5d7c00     0  1234      1 0x00000000", kernels before 5.9
const OLD_TASK =
  /^\s*(?<name>\S.{0,15}?)\s+(?<state>[RSDTtZXIKW])(?: [0-9a-f]{8,16}| running task)?\s+\d+ +(?<pid>\d+) +(?<parent>\d+) 0x[0-9a-f]+$/;

// "Call Trace:", " <TASK>", "Tainted: …", "…disables this message.", "RIP: 0033:0x7f…", "RSP: …"
const NOISE =
  /^\s*(?:Call Trace:|<\/?(?:TASK|IRQ|NMI)>|(?:Not t|T)ainted|"echo 0 > \/proc\/sys\/kernel\/hung_task_timeout_secs"|R[A-Z0-9]{2}: |Code: |Workqueue: |Showing all locks held|INFO: lockdep is turned off|Future hung task reports are suppressed)/;

/**
 * The kernel's report of a hung task, and of sysrq-w and sysrq-t. Printed by kernel/hung_task.c, sched_show_task in
 * kernel/sched/core.c and show_trace_log_lvl of Linux; from memory and public reports; innermost first.
 */
export default defineTextParser({
  format: 'kernel-hung-task',
  tool: 'kernel',
  title: "the kernel log's hung tasks (also sysrq-w, sysrq-t)",
  begins: /(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[[TC] *\d+\])? ?)?\s*(?:INFO: task |task:)/,
  holds: /\bkernel: ?\S/,
  opens(lines, at) {
    const text = withoutStamp(lines[at]?.text ?? '');
    return BLOCKED.test(text) || TASK.test(text) ? 'certain' : 'no';
  },
  parse,
});

interface Reading {
  readonly source: string;
  readonly processes: Map<string, ProcessDraft>;
  thread: ThreadDraft | undefined;
  says: string | undefined;
}

/** Each task is reported alone, with its own pid: the kernel does not say which are threads of one process. */
function parse({ source, lines }: TextSection): Parsed {
  const reading: Reading = { source, processes: new Map(), thread: undefined, says: undefined };
  const skipped = collectSkipped(asLogicalLines(lines), (line) => useLine(reading, line));
  return { processes: [...reading.processes.values()], skipped };
}

function useLine(reading: Reading, line: Line): boolean {
  const text = withoutStamp(line.text);
  const blocked = BLOCKED.exec(text)?.groups;
  if (blocked?.pid !== undefined) {
    openTask(reading, line, blocked);
    reading.says = `blocked ${blocked.says}`;
    reading.thread?.notes.push(reading.says);
    return true;
  }
  const task = (TASK.exec(text) ?? OLD_TASK.exec(text))?.groups;
  if (task?.pid !== undefined) {
    openTask(reading, line, task);
    reading.thread?.notes.push(task.state === 'D' ? 'state D (disk sleep)' : `state ${task.state}`);
    return true;
  }
  const kernel = parseKernelLine(text, { source: reading.source, line: line.number });
  if (kernel?.frame !== undefined) reading.thread?.frames.push(kernel.frame);
  return (kernel !== undefined && reading.thread !== undefined) || NOISE.test(text);
}

function openTask(reading: Reading, line: Line, task: { [key: string]: string | undefined }): void {
  const { name, pid = '', parent, state } = task;
  const place = { source: reading.source, line: line.number };
  const known = reading.processes.get(pid);
  // "INFO: task" and "task:" tell of one and the same.
  if (known !== undefined && known.threads[0] === reading.thread && reading.thread?.frames.length === 0) {
    known.parentPid ??= parent === undefined ? undefined : Number(parent);
    reading.thread.activity ??= activityOf(state);
    return;
  }
  const thread = draftThread({ id: pid, nativeId: Number(pid), name, activity: activityOf(state), place });
  const process = draftProcess({ parentPid: parent === undefined ? undefined : Number(parent), place });
  process.threads.push(thread);
  // A task that is reported again was seen at another moment.
  reading.processes.set(known === undefined ? pid : `${pid} at line ${line.number}`, process);
  reading.thread = thread;
}

function activityOf(state: string | undefined): ThreadDraft['activity'] {
  if (state === undefined) return undefined;
  return state === 'R' ? 'active' : 'idle';
}

function withoutStamp(text: string): string {
  return text.replace(STAMP, '');
}
