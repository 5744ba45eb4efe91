import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'signal-handler-loops',
  cause: 'busy-loop',
  library: undefined,
  title: 'a sampling signal handler walks a stack and does not come to its end',
  summary:
    'A profiler or tracer interrupted the thread and walks its stack inside the signal handler. The stack was just being changed (a greenlet switch, an allocation, a call half made), its links form a ring, and the walk goes round.',
  explanation:
    'Sampling profilers run on SIGPROF or SIGALRM, at any instruction. What they walk is consistent only between instructions of the interpreter, so a walker needs a bound on the depth and checks of each link. Without them one unlucky instant in millions hangs the thread with full CPU.',
  signatures: [],
  match,
  needs: ['the C frames: gdb, or py-spy dump --native', 'a second dump: the same frames inside the handler'],
  notWhen: ['the handler waits for a lock: that is a deadlock, not a loop', 'the next moment shows no handler'],
  remediation: [
    {
      kind: 'now',
      step: 'Nothing of the program is to be saved. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Run without the profiler, or with one that samples from outside the process (py-spy record).',
    },
    {
      kind: 'prevent',
      step: 'Upgrade the profiler; do not sample where stacks are switched (greenlet, stacklet, coroutines in C).',
    },
    { kind: 'verify', step: 'Under the highest sampling rate the program passes its tests some hundred times.' },
  ],
  references: [
    {
      title: 'vmprof/vmprof-python#164',
      url: 'https://github.com/vmprof/vmprof-python/issues/164',
      establishes: 'the SIGPROF handler of a profiler looped over a stack that was being switched; open',
    },
    {
      title: 'gperftools/gperftools#1294',
      url: 'https://github.com/gperftools/gperftools/issues/1294',
      establishes: 'a process hangs in the unwinder, inside the SIGPROF handler of the profiler',
    },
    {
      title: 'signal-safety(7)',
      url: 'https://man7.org/linux/man-pages/man7/signal-safety.7.html',
      establishes: 'a handler may interrupt any function half way, and must not rely on what that one was changing',
    },
  ],
});

/** Functions of samplers: "sigprof_handler", "vmp_walk_and_record_stack", "unwind_stack", "sample". */
const WALKS = /walk|unwind|sampl|prof|backtrace|record_stack|get_stack|stack_?trace/i;

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const marks = walkOf(sample);
    if (marks === undefined || sample.thread.progress === 'moving') continue;
    const { progress } = sample.thread;
    yield {
      confidence: progress === 'stuck' || progress === 'spinning' ? 'likely' : 'possible',
      threads: threads.map((thread) => ({
        thread,
        note: 'walks a stack inside a signal handler',
        frames: marks.flatMap(([index, note]): EvidenceFrame[] => {
          const frame = thread.thread.frames[index];
          return frame === undefined ? [] : [{ index, frame, note }];
        }),
      })),
    };
  }
}

function walkOf({ frames, thread }: ThreadFacts): readonly (readonly [number, string])[] | undefined {
  const handler = frames.findIndex(isHandler);
  if (handler < 1 || thread.wait !== undefined) return undefined;
  const inside = frames.slice(0, handler);
  if (inside.some(({ frame }) => frame.language === 'python')) return undefined;
  // The handler's own name says "prof", which is not yet a walk.
  const walker = inside.findIndex(({ bare }) => WALKS.test(bare));
  return walker < 0
    ? undefined
    : [
        [walker, 'walks the stack that was interrupted'],
        [handler, 'a signal interrupted the thread here'],
      ];
}

/** "<signal handler called>"; where the tool has no name for that frame, the handler itself: "sigprof_handler". */
function isHandler({ categories, frame, bare }: KnownFrame): boolean {
  return frame.language === 'native' && (categories.has('signal-handler') || HANDLER.test(bare));
}

const HANDLER = /sig(?:prof|alrm|vtalrm|nal)?\w*_?handler|prof\w*_handler/i;
