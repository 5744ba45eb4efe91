import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'polls-without-rest',
  cause: 'busy-loop',
  library: undefined,
  title: 'native code waits by asking again and again',
  summary:
    'A library that Python called waits for a flag in a loop that only yields the processor. Nobody sets the flag, so it spins for ever, with full CPU.',
  explanation:
    'Lock-free queues, spin locks and device runtimes spin for a moment before they sleep, or never sleep. That is quick when the other side answers in microseconds. When the other side is gone (a thread that did not survive fork, a peer that ended, a device that fell off the bus) the loop has no end and no wait shows in the dump.',
  general: true,
  signatures: [],
  match,
  needs: ['the C frames under the Python call: py-spy dump --native --pid PID, or gdb'],
  notWhen: ['a worker of a BLAS or OpenMP pool spins a moment after its last job', 'MPI waits for another rank'],
  remediation: [
    {
      kind: 'now',
      step: 'See which library spins, and whether its other side is alive; then end the process.',
      command: 'top -H -p PID',
    },
    {
      kind: 'fix',
      step: 'Give the call a limit, and make the other side (thread, process, device) in the process that waits, after fork.',
    },
    { kind: 'prevent', step: 'Choose blocking waits where the library offers them.' },
    { kind: 'verify', step: 'When the other side is ended on purpose, the call returns with an error.' },
  ],
  references: [
    {
      title: 'OpenMathLib/OpenBLAS#937',
      url: 'https://github.com/OpenMathLib/OpenBLAS/issues/937',
      establishes: 'np.dot() that never ends: sched_yield() in inner_thread(), waiting for a flag of another thread',
    },
    {
      title: 'OpenMathLib/OpenBLAS#294',
      url: 'https://github.com/OpenMathLib/OpenBLAS/issues/294',
      establishes:
        'a child after fork() burns a processor for ever in a product of matrices: the workers stayed in the parent',
    },
    {
      title: 'sched_yield(2)',
      url: 'https://man7.org/linux/man-pages/man2/sched_yield.2.html',
      establishes: 'with the default scheduler it is no way to wait: the caller stays runnable',
    },
  ],
});

/** Ways to give the processor away: POSIX, C11, C++, Rust, Windows, macOS. */
const YIELDS =
  /^(?:sched_yield|thrd_yield|std::this_thread::yield|std::thread::yield_now|do_spin|SwitchToThread|NtYieldExecution|swtch_pri|thread_switch)$/;

/** Whose spinning is understood: another rank is waited for, or a thread of a pool rests. */
const OTHERS = /^(?:P?MPI_|ompi_|opal_|blas_thread_server|gomp_thread_start|kmp_launch_|__kmp_launch_)/;

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const yields = yieldOf(sample);
    if (yields === undefined || sample.thread.progress === 'moving') continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) => ({
        thread,
        note: 'asks again and again in native code',
        frames: thread.thread.frames
          .slice(yields, yields + 1)
          .map((frame): EvidenceFrame => ({ index: yields, frame, note: 'gives the processor away, and asks again' })),
      })),
    };
  }
}

/** Index of the yielding call, under a call from Python. */
function yieldOf({ frames, cut }: ThreadFacts): number | undefined {
  const found = frames.findIndex(({ plumbing, unnamed }) => !plumbing && !unnamed);
  const innermost = frames[found];
  if (innermost === undefined || !(YIELDS.test(innermost.bare) || YIELDS.test(innermost.canonical))) return undefined;
  const python = frames.findIndex(({ frame, categories }) => frame.language === 'python' || categories.has('eval'));
  // An excerpt need not reach down to the call from Python, but a library's own code has to be there.
  const isCalled = python > found || (python < 0 && cut && frames.length > found + 1);
  const calls = frames.slice(0, python < 0 ? undefined : python);
  return isCalled && !calls.some(({ bare }) => OTHERS.test(bare)) ? found : undefined;
}
