import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isOwnCode, type LockSight, lockSight, lockTaker } from '../../analysis/lock-sight.ts';
import { findSignalHandler, type SignalHandler } from '../../analysis/signal-handlers.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const NATIVE = 'c:{<signal handler called>, __restore_rt, _sigtramp}!';
const PYTHON = 'c:{PyErr_CheckSignals, _PyErr_CheckSignalsTstate, PyErr_CheckSignalsTstate}!';

export default defineRule({
  id: 'lock-wanted-in-signal-handler',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a signal handler wants a lock that the interrupted code holds',
  summary:
    'A signal came while the thread held a lock. The handler runs on the same thread, on top of the interrupted code, and wants that lock: it can never be released, because the code below waits for the handler.',
  explanation:
    'Python runs handlers between two bytecodes of the main thread, C runs them anywhere. Logging, printing, queues, locks of the program and, in C, malloc are not safe there. It hangs only when the signal arrives inside the critical section.',
  signatures: [
    {
      find: `${NATIVE} -> !c:#allocator -> c:{#lock-wait, #semaphore-wait}$`,
      confidence: 'likely',
      notes: { [NATIVE]: 'a signal interrupted the thread here' },
    },
    {
      find: `${PYTHON} -> c:{#lock-wait, #semaphore-wait}$`,
      confidence: 'likely',
      notes: { [PYTHON]: 'the interpreter runs a handler of the program' },
    },
  ],
  match,
  needs: [
    'the C frames: gdb -p PID -batch -ex "thread apply all bt"; py-spy shows no sign that a handler runs, but with --locals its arguments (a number and a frame)',
  ],
  notWhen: ['the handler waits for something else, or another thread holds the lock and runs'],
  remediation: [
    { kind: 'now', step: 'The thread waits for itself. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Let the handler only set a flag or write to a pipe (signal.set_wakeup_fd, loop.add_signal_handler), and do the work in ordinary code.',
    },
    { kind: 'prevent', step: 'No logging, no print, no locks in handlers.' },
    {
      kind: 'verify',
      step: 'Sending the signal in a tight loop does no harm.',
      command: 'for i in $(seq 1000); do kill -USR1 PID; done',
    },
  ],
  references: [
    {
      title: 'twisted/twisted#7736',
      url: 'https://github.com/twisted/twisted/issues/7736',
      establishes: 'SIGTERM came while a lock of logging was being released, and the handler logged',
    },
    {
      title: 'patroni/patroni#3413',
      url: 'https://github.com/patroni/patroni/pull/3413',
      establishes: 'a log call in the handler of SIGCHLD stopped most threads; mended by not logging there (2025)',
    },
    {
      title: 'gperftools/gperftools#775',
      url: 'https://github.com/gperftools/gperftools/issues/775',
      establishes: 'a sampling handler unwinds the stack and waits in dl_iterate_phdr for the lock of the loader',
    },
    {
      title: 'Python library: signal, execution of handlers',
      url: 'https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers',
      establishes: 'handlers run in the main thread between bytecodes',
    },
    {
      title: 'signal-safety(7)',
      url: 'https://man7.org/linux/man-pages/man7/signal-safety.7.html',
      establishes: 'malloc and stdio must not be called from a handler in C',
    },
  ],
});

/** A handler in Python stands on what it interrupted like any call; its arguments, its name or its place give it away. */
function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const handler = findSignalHandler(sample);
    const sight = lockSight(sample);
    if (handler === undefined || sight === undefined) continue;
    const confidence = confidenceOf(sample, handler, sight);
    if (confidence === undefined) continue;
    const marks = [
      {
        find: (frame: KnownFrame) => frame === sample.frames[handler.index],
        note: 'handles a signal on top of what it interrupted',
      },
    ];
    yield {
      confidence,
      threads: threads.map((thread) =>
        witness(thread, 'wants a lock inside a signal handler', thread === sample ? marks : []),
      ),
    };
  }
}

function confidenceOf(facts: ThreadFacts, { index, by }: SignalHandler, sight: LockSight): Confidence | undefined {
  if (sight === 'seen') return 'likely';
  const { thread, frames } = facts;
  const taker = lockTaker(frames);
  const file = frames[taker ?? -1]?.frame.file;
  const back = frames.slice(index + 1).some((frame) => isOwnCode(frame) && frame.frame.file === file);
  if (taker === undefined || taker > index || !back) return undefined;
  if (by === 'name') return thread.activity === 'idle' ? 'possible' : undefined;
  return thread.activity === 'idle' ? 'likely' : 'possible';
}
