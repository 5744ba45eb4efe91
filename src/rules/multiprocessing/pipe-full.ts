import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

/** Windows writes in _send_bytes. */
const SEND = 'py:{_send, _send_bytes}@multiprocessing/connection.py!$';
const NOTES = {
  [SEND]: 'writes into a pipe that is full',
  'py:{flush, emit}@logging/__init__.py!': 'writes a log record',
  'py:flush@logging/__init__.py!$': 'writes a log record',
  'py:{emit, send}@logging/handlers.py!': 'sends a log record over the network',
  'py:{emit, send}@logging/handlers.py!$': 'sends a log record over the network',
  'c:sock_sendall!': 'sends all of a message before it returns',
  'py:put@queue.py!': 'waits for room in a queue that is full',
};

export default defineRule({
  id: 'pipe-full',
  cause: 'pipe-full',
  library: undefined,
  title: 'a write waits because the other end does not read',
  summary:
    'The thread writes into a pipe, socket or bounded queue that is full. Who should empty it does not: it has died, is stopped, waits for the end of this process, or itself writes to this one.',
  explanation:
    'A pipe holds 64 KiB, a socket pair some hundred. A write beyond that waits until the other end has read. Two processes that send to each other before either receives, a parent that calls wait() before it reads the output of its child, a log collector that stopped reading: each waits for ever. With little data it fits, and nothing is noticed.',
  signatures: [
    {
      find: `!py:{_feed, _handle_tasks}@multiprocessing/ -> ${SEND}`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: `py:_feed@multiprocessing/queues.py -> ${SEND}`, confidence: 'possible', notes: NOTES },
    { find: 'c:{pipe_write, anon_pipe_write, unix_wait_for_peer, sock_alloc_send_pskb}!', confidence: 'likely' },
    {
      find: 'py:{flush, emit}@logging/__init__.py! -> c:write$',
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'py:flush@logging/__init__.py!$', confidence: 'possible', notes: NOTES },
    // sendall() of a socket that blocks: what takes log records, at most times.
    {
      find: 'py:{emit, send}@logging/handlers.py! -> c:#write$',
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'py:{emit, send}@logging/handlers.py!$', confidence: 'possible', notes: NOTES },
    // A long message over a slow line takes its time.
    { find: 'c:sock_sendall! -> c:#write$', confidence: 'possible', notes: NOTES },
    // Sockets of event loops are sent to all the time, and never block: only files and pipes are taken from C frames alone.
    { find: 'c:{write, writev}$', confidence: 'possible', stuck: 'likely' },
    { find: 'py:put@queue.py! -> py:wait@threading.py$', confidence: 'possible', notes: NOTES },
    { find: 'py:put@queue.py!$', confidence: 'possible', notes: NOTES },
    { find: 'py:put@multiprocessing/queues.py!$', confidence: 'possible' },
  ],
  match,
  needs: [
    'the Python frames of both ends: py-spy dump --subprocesses --pid PARENT',
    'what the write goes to: ls -l /proc/PID/fd',
  ],
  notWhen: [
    'the reader is only slower than the writer: it reads, and two moments of it differ',
    'it is the feeder of a queue that is joined at exit: that is queue-joined-before-drain',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Find the other end of the pipe, and what it does. Reading a little from the pipe lets the writer go on.',
      command: "ls -l /proc/PID/fd; lsof -p PID | grep -E 'FIFO|unix'",
    },
    {
      kind: 'fix',
      step: 'Read while the other side writes: communicate() instead of wait() and read(), a thread that receives, results taken before join().',
    },
    {
      kind: 'prevent',
      step: 'Never send a lot both ways over one pipe without a reader of its own at each end; put(…, timeout=…) on bounded queues; logs to a file or a QueueHandler.',
    },
    { kind: 'verify', step: 'With messages of a megabyte each the program still ends.' },
  ],
  references: [
    {
      title: 'apache/airflow#15112',
      url: 'https://github.com/apache/airflow/pull/15112',
      establishes: 'two processes that each wait in send() of the two ends of one pipe; fixed in Airflow 2.0.2',
    },
    {
      title: 'apache/airflow#70526',
      url: 'https://github.com/apache/airflow/issues/70526',
      establishes:
        'the scheduler of Airflow 3.3 waits in write() to a pipe that it and all its workers hold open at both ends',
    },
    {
      title: 'Python library: Popen.wait',
      url: 'https://docs.python.org/3/library/subprocess.html#subprocess.Popen.wait',
      establishes: 'deadlocks with PIPE when the child writes more than the pipe holds',
    },
    {
      title: 'pipe(7)',
      url: 'https://man7.org/linux/man-pages/man7/pipe.7.html',
      establishes: 'a pipe holds 65536 bytes; a write to a full one blocks',
    },
  ],
});

/** Both ends of a pipe in one capture: nobody of them reads. */
function* match({ threads }: Facts): Iterable<Match> {
  const writers = threads.filter(writes);
  if (writers.length === 0) return;
  const byPid = new Map<number, ThreadFacts[]>();
  for (const one of threads) {
    const { pid } = one.process;
    if (pid === undefined) continue;
    const own = byPid.get(pid);
    if (own === undefined) byPid.set(pid, [one]);
    else own.push(one);
  }
  for (const writer of writers) if (writesOnLine(writer)) yield alone(writer);
  for (const writer of writers) {
    const parent = byPid.get(writer.process.parentPid ?? -1) ?? [];
    const waits = parent.find((one) => awaitsChild(one) || writes(one));
    if (waits !== undefined) yield ends(writer, waits);
  }
  yield* pair(threads, writers);
}

/** Dumps that were taken one by one name no parents: two processes, each of which waits, are the two ends. */
function* pair(threads: readonly ThreadFacts[], writers: readonly ThreadFacts[]): Iterable<Match> {
  const processes = new Set(threads.map(({ process }) => process));
  const [writer] = writers;
  if (processes.size !== 2 || writer === undefined || usesNetwork(writer)) return;
  const other = threads.find((one) => one.process !== writer.process && (writes(one) || awaitsChild(one)));
  if (other !== undefined) yield ends(writer, other);
}

/** "process.stdin.write(line)", "os.write(pipe, data)": only the line is shown, and the call into C is not. */
function writesOnLine({ frames: [innermost] }: ThreadFacts): boolean {
  return innermost?.byLine === true && /\bstdin\.|\bos\.write/.test(innermost.frame.sourceLine ?? '');
}

function alone(writer: ThreadFacts): Match {
  return { confidence: 'possible', threads: [witness(writer, 'writes into a pipe, and is not through with it')] };
}

function ends(writer: ThreadFacts, other: ThreadFacts): Match {
  return {
    confidence: 'likely',
    threads: [
      witness(writer, 'writes, and the other end does not read'),
      witness(other, writes(other) ? 'writes, and the other end does not read' : 'waits for the writer to end'),
    ],
  };
}

/**
 * Feeders of queues write for others: what waits for them is told by the rule for queues. A pool's thread writes jobs ahead
 * until its pipe is full, which is no more than a sign that the workers are busy.
 */
function writes({ thread, frames }: ThreadFacts): boolean {
  return (
    thread.wait?.kind === 'write' &&
    thread.idleAs === undefined &&
    thread.progress !== 'moving' &&
    !frames.some(({ plain }) => plain === '_feed' || plain === '_handle_tasks')
  );
}

function usesNetwork({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame }) => isAt(frame, 'socket.py') || isAt(frame, 'ssl.py'));
}

function awaitsChild({ thread }: ThreadFacts): boolean {
  return thread.wait?.kind === 'child' && thread.progress !== 'moving';
}
