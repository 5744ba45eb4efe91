import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isForkFrame } from '../../analysis/fork.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { computes, sharesWorkOut } from '../../frames/native-packages.ts';
import { isAt } from '../../frames/places.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const HANDLERS = 'c:{fork, run_fork_handlers, run_prefork_handlers, run_postfork_handlers}!';

const NOTES = {
  [HANDLERS]: 'handlers that libraries registered run inside fork()',
  'c:{#native-pool, #parallel-region}!': 'a library with threads of its own',
};

export default defineRule({
  id: 'native-threads-lost-over-fork',
  cause: 'fork-unsafe-runtime',
  library: undefined,
  title: 'a native library counts on threads that a fork has left behind',
  summary:
    'A library with threads of its own (OpenMP, OpenBLAS, MKL, gRPC, rayon, Arrow, TBB, CUDA) was used before a fork. The child has its data, but none of its threads, and waits for them; or a handler of the library, run inside fork(), waits for them.',
  explanation:
    'A fork copies memory and only the calling thread. The pool of a native library looks complete in the child, so that the next parallel operation hands out work and waits at a barrier for workers that stayed in the parent. Whether it hangs depends on whether the parent ran a parallel operation before: often a test of a smaller input did not. multiprocessing forks on Linux up to Python 3.13; os.fork(), gunicorn with --preload, celery and uwsgi do as well.',
  signatures: [
    {
      find: `${HANDLERS} -> c:{#native-pool, #parallel-region}? -> c:{#thread-join, #condition-wait}$`,
      confidence: 'likely',
      notes: NOTES,
    },
    {
      find: `${HANDLERS} -> c:{#native-pool, #parallel-region}! -> c:{#lock-wait, #spin, #futex}$`,
      confidence: 'likely',
      notes: NOTES,
    },
  ],
  match,
  needs: [
    'the C frames of the child: gdb -p CHILD -batch -ex "thread apply all bt"',
    'the stack of the child down to the fork: py-spy dump --native --pid CHILD',
  ],
  notWhen: [
    'the child has threads of the library of its own: then it started the library itself and waits for work that is done',
    'the child computes: the innermost frame is in the loop itself',
  ],
  remediation: [
    { kind: 'now', step: 'The child cannot recover; end it. The parent is not harmed.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Start workers afresh instead of by fork: multiprocessing.set_start_method("spawn") or "forkserver"; gunicorn without --preload, uwsgi with lazy-apps = true.',
    },
    {
      kind: 'prevent',
      step: 'If it has to be fork: fork before the library is used for the first time, or keep it to one thread in the parent (OMP_NUM_THREADS=1, torch.set_num_threads(1), cv2.setNumThreads(0)); for gRPC set GRPC_ENABLE_FORK_SUPPORT=1.',
    },
    {
      kind: 'verify',
      step: 'Children show spawn_main or forkserver in their command line, and not that of the parent.',
      command: "pgrep -af 'spawn_main|forkserver'",
    },
  ],
  references: [
    {
      title: 'OpenMathLib/OpenBLAS#294',
      url: 'https://github.com/OpenMathLib/OpenBLAS/issues/294',
      establishes:
        'a product of matrices in a child never ends when the parent made one before; fixed in 2014 (#343) for builds with threads of their own, not for those with libgomp',
    },
    {
      title: 'numpy/numpy#17752',
      url: 'https://github.com/numpy/numpy/issues/17752',
      establishes: 'the fork handler of OpenBLAS waits inside fork() for its threads to end',
    },
    {
      title: 'pytorch/pytorch#75147',
      url: 'https://github.com/pytorch/pytorch/issues/75147',
      establishes: 'set_num_threads in a forked worker waits for a mutex of the OpenMP runtime',
    },
    {
      title: 'Polars: multiprocessing',
      url: 'https://docs.pola.rs/user-guide/misc/multiprocessing/',
      establishes: 'a forked child of a process that used Polars may deadlock; use spawn',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    for (const thread of ofProcess) {
      const confidence = confidenceOf(thread, ofProcess);
      if (confidence === undefined) continue;
      yield {
        confidence,
        threads: [
          witness(thread, 'waits for threads of a native library', [
            { find: usesPool, note: 'a library with threads of its own' },
            { find: isForkFrame, note: 'this process was forked here' },
          ]),
        ],
      };
    }
  }
}

function confidenceOf(facts: ThreadFacts, ofProcess: readonly ThreadFacts[]): Confidence | undefined {
  const { thread, frames, cut } = facts;
  if (thread.idleAs !== undefined || thread.progress === 'moving') return undefined;
  const forked = frames.some(isForkFrame);
  // A pool that has work to do looks the same for a while.
  const word = thread.progress === 'stuck' ? 'likely' : 'possible';
  const pool = poolWait(frames);
  if (pool === undefined) return forked && isHidden(facts) ? word : undefined;
  if (ofProcess.some((other) => other !== facts && other.frames.some(usesPool))) return undefined;
  const alone = ofProcess.length === 1 && thread.view.everyThread && !cut;
  if (alone && facts.process.pid !== undefined) return 'likely';
  if (forked) return word;
  // Elsewhere only a loop that is shared out tells: who waits there rests, and nothing shows that anybody works for it.
  const others = cut || (!thread.view.everyThread && thread.activity === 'idle');
  const spins = frames[0]?.categories.has('spin') === true;
  return others && !spins && frames.some(isParallel) ? 'possible' : undefined;
}

function isParallel({ frame, categories }: KnownFrame): boolean {
  return (
    categories.has('parallel-region') || (frame.language === 'native' && LIBRARIES.some((place) => isAt(frame, place)))
  );
}

/** Without C frames only the package tells. */
function isHidden({ thread, frames }: ThreadFacts): boolean {
  const innermost = frames.find(({ frame }) => !WAITS_IN.some((place) => isAt(frame, place)));
  return (
    !thread.view.native &&
    thread.activity !== 'active' &&
    innermost !== undefined &&
    // A worker that computes is active, where the tool tells.
    (sharesWorkOut(innermost.frame) || (thread.activity === 'idle' && computes(innermost.frame)))
  );
}

/** How a thread waits inside a library that has threads of its own, if it does. */
function poolWait(frames: readonly KnownFrame[]): 'lock' | 'work' | undefined {
  const pool = frames.findIndex(usesPool);
  if (pool < 0) return undefined;
  const inner = frames.slice(0, pool + 1);
  if (inner.some(({ frame }) => frame.language === 'python')) return undefined;
  const waits = inner.some(({ categories }) => categories.has('lock-wait'));
  if (waits) return 'lock';
  // Unnamed frames of the library itself, innermost: libgomp spins and waits in functions that it does not export.
  const [innermost] = inner;
  const within =
    innermost !== undefined &&
    ((usesPool(innermost) && !COMPUTES.test(innermost.frame.module ?? '')) ||
      POOL_WAITS.some((category) => innermost.categories.has(category)));
  return within || inner.some(({ categories }) => categories.has('condition-wait') || categories.has('thread-join'))
    ? 'work'
    : undefined;
}

const POOL_WAITS = ['condition-wait', 'semaphore-wait', 'thread-join', 'futex', 'spin'] as const;

function usesPool({ frame, categories }: KnownFrame): boolean {
  return (
    frame.language === 'native' &&
    (categories.has('native-pool') ||
      categories.has('parallel-region') ||
      LIBRARIES.some((place) => isAt(frame, place)))
  );
}

/** Runtimes that do nothing but run work on their threads; wheels add a hash to the name. */
const LIBRARIES = [
  'libgomp*',
  'libiomp5*',
  'libomp.*',
  'libopenblas*',
  'libscipy_openblas*',
  'libtbb*',
  'libmkl_*thread*',
  // Accelerate of macOS, which computes on queues of libdispatch
  'libBLAS.dylib',
  'libLAPACK.dylib',
  'vecLib',
  'Accelerate',
];

/** Computes on the calling thread, too, in functions without names. */
const COMPUTES = /(?:libBLAS|libLAPACK)\.dylib$|vecLib$|Accelerate$/;

const WAITS_IN = ['threading.py', 'queue.py', 'selectors.py'];
