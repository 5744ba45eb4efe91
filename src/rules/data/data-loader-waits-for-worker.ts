import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const NEXT = 'py:{_try_get_data, _get_data, _next_data, _get_batch, _try_get_batch}@torch/utils/data/dataloader.py!';
const WAIT =
  'py:{get, poll, _poll, wait, select, _wait, recv_bytes, _recv_bytes, _recv, _try_get_data, _get_data, acquire}$';
const TF = 'py:{_next_internal, iterator_get_next, iterator_get_next_eager_fallback}@tensorflow/python/$';

/** Loaders of other libraries, between the loop that wants a batch and the workers that make it. */
const OTHERS = [
  'py:__next__@mxnet/gluon/data/dataloader.py! -> py:{get, wait}$',
  'py:{_get_data, __next__, _try_shutdown_all}@paddle/io/dataloader/dataloader_iter.py! -> py:{get, wait, poll, select}$',
  'py:get@keras/utils/data_utils.py! -> py:{get, wait, join}$',
  'py:get@keras/src/utils/data_utils.py! -> py:{get, wait, join}$',
  'py:get@tensorflow/python/keras/utils/data_utils.py! -> py:{get, wait, join}$',
  'py:{outputs, share_outputs, run}@nvidia/dali/pipeline.py!$',
  'py:{get_results, _get_results}@petastorm/workers_pool/! -> py:{get, wait, poll, sleep}$',
  'py:{__get_next_item, __next__}@batchgenerators/dataloading/! -> py:{get, wait, sleep}$',
  'py:__next__@torchdata/nodes/! -> py:{get, wait}$',
  'py:get@grain/_src/python/grain_pool.py! -> py:{get, wait}$',
  'py:__next__@nnunet/dataloading/! -> py:{get, wait, sleep}$',
  // An iterator over a queue that somebody else fills ahead.
  'py:__next__ => py:get@queue.py! -> py:{wait, get}$',
  'c:tensorflow::data::IteratorGetNextOp::DoCompute! -> c:#condition-wait',
  'c:tensorflow::data::IteratorResource::GetNext! -> c:{#condition-wait, #futex}',
  'c:{dali::Pipeline::Outputs, dali::Pipeline::ShareOutputs}! -> c:#condition-wait',
] as const;

const NOTES = {
  [NEXT]: 'wants the next batch',
  [WAIT]: 'and waits until a worker delivers it',
  [TF]: 'wants the next element of the input pipeline',
};

export default defineRule({
  id: 'data-loader-waits-for-worker',
  cause: 'data-loader-stall',
  library: undefined,
  title: 'the training loop waits for a batch that no worker delivers',
  summary:
    'The loop wants its next batch from the data loader and waits. The workers are dead, stuck or too slow: in a transformation, in a read from a slow disk, in a native library that does not survive a fork, or because shared memory is full.',
  explanation:
    'Workers of a data loader are processes that read and transform samples and hand batches over by a queue. The loop looks now and then whether they are alive, but not whether they get on. A worker that forks after OpenMP, OpenCV or CUDA was used may stop at its first parallel operation; one that is killed for lack of memory leaves locks of the queue behind. Slow storage looks the same, only that it gets on.',
  signatures: [
    { find: `!py:_shutdown_workers -> ${NEXT} -> ${WAIT}`, confidence: 'possible', notes: NOTES },
    { find: `${NEXT.slice(0, -1)}$`, confidence: 'possible', notes: {} },
    { find: TF, confidence: 'possible', notes: {} },
    ...OTHERS.map((find) => ({ find, confidence: 'possible', notes: {} }) as const),
  ],
  match,
  needs: [
    'the stacks of the workers, too: py-spy dump --subprocesses --pid PID',
    'two moments, some seconds apart: a loader that is only slow moves',
  ],
  notWhen: [
    'a worker waits in get() for work: that is its rest',
    'the loader is being shut down and joins its workers: a worker does not end',
    'two moments differ: the input is slow, not stuck',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Look at the workers: what each of them does, and whether all are alive.',
      command: 'py-spy dump --subprocesses --pid PID; dmesg | grep -i "out of memory" | tail',
    },
    {
      kind: 'fix',
      step: 'Start the workers by spawn or forkserver (multiprocessing_context="spawn"), keep native libraries in them to one thread (torch.set_num_threads(1), cv2.setNumThreads(0)), enlarge /dev/shm in containers (--shm-size).',
    },
    {
      kind: 'prevent',
      step: 'Give the loader a limit: DataLoader(timeout=120) raises instead of waiting for ever. Open files and clients in the worker, not before the fork.',
    },
    {
      kind: 'verify',
      step: 'With num_workers=0 the same data goes through: then the workers are at fault, not the data set.',
    },
  ],
  references: [
    {
      title: 'pytorch/pytorch#45198',
      url: 'https://github.com/pytorch/pytorch/issues/45198',
      establishes:
        'workers hang in OpenCV, whose OpenMP was used before the fork; spawn, cv2.setNumThreads(0) or OMP_NUM_THREADS=1 help',
    },
    {
      title: 'pytorch/pytorch#1355',
      url: 'https://github.com/pytorch/pytorch/issues/1355',
      establishes: 'loaders hang when workers are killed or a library is used after the fork',
    },
    {
      title: 'PyTorch: torch.utils.data, multi-process data loading',
      url: 'https://docs.pytorch.org/docs/stable/data.html#multi-process-data-loading',
      establishes: 'timeout raises when no batch comes; CUDA and threads in forked workers are a hazard',
    },
  ],
});

/** Loader and workers in one capture: a worker that does not get on explains the loader. */
function* match({ threads }: Facts): Iterable<Match> {
  const loaders = threads.filter(({ frames }) => frames.some(isNext) && !frames.some(isShutdown));
  const workers = threads.filter(({ frames }) => frames.some(isWorker));
  if (loaders.length === 0) {
    yield* loneWorkers(workers);
    return;
  }
  if (workers.length === 0 || workers.some(getsOn)) return;
  const stuck = workers.filter(({ thread }) => thread.idleAs === undefined && thread.progress === 'stuck');
  const waiting = loaders.filter(({ thread }) => thread.progress === 'stuck');
  if (stuck.length === 0 || waiting.length === 0) return;
  yield {
    confidence: 'likely',
    threads: [
      ...stuck.map((worker) =>
        witness(worker, 'a worker that does not get on', [{ find: isWorker, note: 'a worker of the data loader' }]),
      ),
      ...waiting.map((loader) =>
        witness(loader, 'waits for the next batch', [{ find: isNext, note: 'wants the next batch' }]),
      ),
    ],
  };
}

/** Workers without their loader: one that waits while it makes a sample does not get on, and everybody waits for it. */
function* loneWorkers(workers: readonly ThreadFacts[]): Iterable<Match> {
  for (const worker of workers) {
    const { activity, idleAs, progress, wait } = worker.thread;
    const fetches = worker.frames.findIndex(isFetch);
    if (fetches < 1 || activity !== 'idle' || idleAs !== undefined || progress === 'moving') continue;
    // What it waits for has a rule of its own: a lock that stayed in the parent, a child, another machine.
    if (wait !== undefined && wait.kind !== 'read' && wait.kind !== 'unknown') continue;
    yield {
      confidence: 'possible',
      threads: [
        witness(worker, 'a worker that waits while it makes a sample', [
          { find: isFetch, note: 'makes a batch of the data loader' },
        ]),
      ],
    };
  }
}

function isFetch({ frame, plain }: KnownFrame): boolean {
  return plain === 'fetch' && isAt(frame, 'torch/utils/data/_utils/fetch.py');
}

function isNext({ frame, plain }: KnownFrame): boolean {
  return plain === '_next_data' && isAt(frame, 'torch/utils/data/dataloader.py');
}

function isShutdown({ frame, plain }: KnownFrame): boolean {
  return plain === '_shutdown_workers' && isAt(frame, 'torch/utils/data/dataloader.py');
}

function isWorker({ frame, plain }: KnownFrame): boolean {
  return plain === '_worker_loop' && isAt(frame, 'torch/utils/data/_utils/worker.py');
}

function getsOn({ thread }: ThreadFacts): boolean {
  return thread.progress === 'moving' || thread.activity === 'active';
}
