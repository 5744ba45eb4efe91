import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const SUSPENDED = 'py:{do_wait_suspend, _do_wait_suspend}!';
const AWAITS_CLIENT =
  'py:{wait_for_client, _wait_for_client, wait_for_attach, _wait_for_attach, block_until_configuration_done}!';
/** Debuggers that are spoken to over a socket wait for somebody to connect to it. */
const REMOTE = 'py:{set_trace, breakpoint, post_mortem}! -> py:accept@socket.py';
const NOTES = {
  [SUSPENDED]: 'is held at a breakpoint',
  'py:{set_trace, breakpoint, post_mortem}!': 'a breakpoint',
  'py:accept@socket.py': 'waits for a debugger to connect',
  [AWAITS_CLIENT]: 'waits for a debugger to connect',
};

export default defineRule({
  id: 'process-is-stopped',
  cause: 'tracer-stopped',
  library: undefined,
  title: 'the process is stopped, by a signal or by a debugger',
  summary:
    'The process does not run: a signal (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU) or a tracer has stopped it, or it waits in a debugger for somebody to go on. Where its threads stand is where they happened to be.',
  explanation:
    'A stopped process keeps its locks, sockets and pipes, so that others wait for it. Job control stops a background job that reads from or writes to its terminal; debuggers and profilers that are killed may leave it stopped; kill -STOP, container freezers and batch systems do it on purpose.',
  signatures: [
    { find: 'k:#stopped!', confidence: 'likely' },
    { find: SUSPENDED, confidence: 'likely', notes: NOTES },
    { find: `${AWAITS_CLIENT} -> py:wait@threading.py`, confidence: 'likely', notes: NOTES },
    { find: REMOTE, confidence: 'likely', notes: NOTES },
  ],
  match,
  needs: ['the state of the threads: grep -E "State|TracerPid" /proc/PID/task/*/status'],
  notWhen: [
    'state t (lower case) while a dump was being taken: then the tool itself holds it for a moment',
    'a debugger is in use by somebody',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See whether it is stopped (T), traced (t), and by whom; then let it go on.',
      command: "grep -E '^(State|TracerPid)' /proc/PID/status; kill -CONT PID",
    },
    {
      kind: 'fix',
      step: 'End the tracer that left it, or remove the call that waits for a debugger; start background jobs with standard input from /dev/null.',
    },
    {
      kind: 'prevent',
      step: 'Take dumps with tools that do not stop the process (py-spy dump --nonblocking) where a killed tool may leave it.',
    },
    { kind: 'verify', step: 'Its state is S or R again.', command: 'ps -o pid,stat,wchan:20 -p PID' },
  ],
  references: [
    {
      title: 'benfred/py-spy#416',
      url: 'https://github.com/benfred/py-spy/issues/416',
      establishes: 'a process that was left in state T after a profiler with --native had been interrupted',
    },
    {
      title: 'benfred/py-spy#390',
      url: 'https://github.com/benfred/py-spy/issues/390',
      establishes: 'now and then a recorded process stays suspended; kill -CONT lets it go on',
    },
    {
      title: 'proc_pid_status(5)',
      url: 'https://man7.org/linux/man-pages/man5/proc_pid_status.5.html',
      establishes: 'states T (stopped) and t (tracing stop), and TracerPid',
    },
    {
      title: 'ptrace(2), group-stop',
      url: 'https://man7.org/linux/man-pages/man2/ptrace.2.html',
      establishes:
        'a tracer that seizes a process stopped by a signal is told of that signal: what py-spy 0.4 then prints',
    },
  ],
});

/** "state T (stopped)" is the kernel's word for it; "t" is what tools that take dumps do, too. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const stopped = own.filter(isStopped);
    if (stopped.length === 0 || own.some(runs)) continue;
    yield { confidence: 'likely', threads: stopped.map((one) => witness(one, 'is stopped')) };
  }
}

function isStopped({ thread }: ThreadFacts): boolean {
  return thread.notes.some((note) => /^state T\b|^wchan do_signal_stop$/.test(note));
}

function runs({ thread }: ThreadFacts): boolean {
  return thread.progress === 'moving' || thread.notes.some((note) => /^state [RSD]\b/.test(note));
}
