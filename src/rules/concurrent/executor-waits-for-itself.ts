import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { runsLoop } from '../../analysis/loops.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'executor-waits-for-itself',
  cause: 'pool-starvation',
  library: undefined,
  title: 'all workers of a thread pool wait for jobs that only the pool could run',
  summary:
    'Every worker thread runs a job that submitted another job to the same pool and waits for its result. No worker is left to run those jobs, so all wait for ever.',
  explanation:
    'A ThreadPoolExecutor, or a ThreadPool of multiprocessing, has a fixed number of workers. A job that waits for another job occupies its worker meanwhile. As soon as as many jobs wait as there are workers, nothing can be done any more. Under light load there is always a free worker, and it works.',
  signatures: [],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: [
    'one worker is at work or waits for something else: it will take the next job',
    'workers wait for jobs of another pool that has free workers',
    'workers wait for coroutines of an event loop, which waits for the network',
  ],
  remediation: [
    { kind: 'now', step: 'The pool cannot be freed. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Never wait for a future inside a job of the same pool: return and combine results outside, or chain with add_done_callback.',
    },
    {
      kind: 'prevent',
      step: 'Use one pool a layer: jobs of the outer pool may wait for the inner one, never the other way round.',
    },
    { kind: 'verify', step: 'With max_workers=1 the code still comes to an end.' },
  ],
  references: [
    {
      title: 'Python library: ThreadPoolExecutor',
      url: 'https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor',
      establishes: 'deadlocks occur when a job waits on the result of another future of the same pool',
    },
    {
      title: 'hail-is/hail#10704',
      url: 'https://github.com/hail-is/hail/pull/10704',
      establishes:
        'a pool full of uploads left no thread for the reads that would have ended them; mended by threads of their own',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const workers = ofProcess.filter(isWorker);
    if (workers.length === 0 || !workers.every(waitsForJob)) continue;
    // Futures of coroutines wait the same way, and a loop that turns may complete them.
    const hasLoop = ofProcess.some(runsLoop) && !workers.every(({ thread }) => thread.progress === 'stuck');
    yield {
      confidence: workers.length > 1 && !hasLoop ? 'likely' : 'possible',
      threads: workers.map((thread) =>
        witness(thread, 'runs a job, and waits for another one', [
          {
            find: ({ plain, frame }) => JOB_WAITS.some(([name, place]) => plain === name && isAt(frame, place)),
            note: 'waits for a job of a pool',
          },
        ]),
      ),
    };
  }
}

const WORKERS: readonly (readonly [string, string])[] = [
  ['_worker', 'concurrent/futures/thread.py'],
  // Its call of the job, where an excerpt ends before the worker itself.
  ['run', 'concurrent/futures/thread.py'],
  ['worker', 'multiprocessing/pool.py'],
];

/** Where a job waits for other jobs; the workers of multiprocessing stand in `get` of a queue when they are idle. */
const JOB_WAITS: readonly (readonly [string, string])[] = [
  ['result', 'concurrent/futures/_base.py'],
  ['exception', 'concurrent/futures/_base.py'],
  ['result_iterator', 'concurrent/futures/_base.py'],
  ['wait', 'concurrent/futures/_base.py'],
  ['as_completed', 'concurrent/futures/_base.py'],
  ['get', 'multiprocessing/pool.py'],
  ['wait', 'multiprocessing/pool.py'],
];

function isWorker(thread: ThreadFacts): boolean {
  return WORKERS.some(([name, place]) => stands(thread, name, place));
}

function waitsForJob(thread: ThreadFacts): boolean {
  return JOB_WAITS.some(([name, place]) => stands(thread, name, place)) && thread.thread.progress !== 'moving';
}

function stands({ frames }: ThreadFacts, name: string, place: string): boolean {
  return frames.some(({ frame, plain }) => plain === name && isAt(frame, place));
}
