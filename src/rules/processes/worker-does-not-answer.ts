import { parentsOfWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const NOT_FOR_WORK = '!py:{worker_busy_loop, worker_main, _worker_loop, serve_forever, main_loop}';
const MANAGER = 'py:{_callmethod, _connect, _create, _incref, _decref, connect, start}@multiprocessing/managers.py!';
/** Who waits for orders has such a name, or begins as a worker does. */
const NOT_A_WORKER =
  '!py:{*worker*, *loop*, *serve*, *listen*, *handle*, *monitor*, *consum*, *reader*, *receiv*, _bootstrap, __bootstrap, _bootstrap_inner, spawn_main} -> !py:run@multiprocessing/process.py -> !py:run@threading.py -> !py:*@multiprocessing/managers.py';
/** Ends a pool: needs the lock around the pipe of tasks, which a worker that was killed took with it. */
const DRAINS = 'py:_help_stuff_finish@multiprocessing/pool.py$';
/** The same in subclasses of a pool, which read what is left in the pipe. */
const ENDS_POOL = 'py:{_help_stuff_finish, _terminate_pool}!';
const SHARED_LOCK = 'py:{__enter__, acquire}@multiprocessing/synchronize.py$';
const FORK_SERVER = 'py:_launch@multiprocessing/popen_forkserver.py!';
const RESPONSE =
  'py:{get_response, _wait_for_response, wait_for_response, collective_rpc, wait_response, get_result, wait_result, get_output, recv_result, recv_response}!';
const RAY = 'c:{ray::core::CoreWorker::Get, ray::core::CoreWorker::Wait, ray::core::GetRequest::Wait}!';
const FOR_CLIENT = 'py:serve_client@multiprocessing/managers.py!';
const NOTES = {
  [FOR_CLIENT]: 'a manager takes a lock for another process, whose holder is a third one, or has ended',
  [`${FOR_CLIENT}$`]: 'a manager is inside a method that it runs for another process: a lock, perhaps',
  [RAY]: 'waits for a task or an actor',
  [MANAGER]: 'waits for the answer of a manager process',
  [RESPONSE]: 'waits for the answer of a worker',
  [SHARED_LOCK]: 'wants a lock that processes share: it stays locked when the process that has it dies',
  [DRAINS]: 'wants the lock of the task queue, which a worker may have taken with it',
  [ENDS_POOL]: 'ends a pool, and waits for what a worker was about to write',
  [FORK_SERVER]: 'waits for the fork server to start a process',
  'py:{expect_loop, expect_exact, expect_list}@pexpect/!': 'waits for what a program prints',
  'py:{waitall, waitclose, safe_terminate, join}@execnet/!': 'waits for workers of execnet to end',
};

export default defineRule({
  id: 'worker-does-not-answer',
  cause: 'lost-worker',
  library: undefined,
  title: 'the process waits for the answer of a worker that will not give it',
  summary:
    'The thread has handed work to another process or thread and waits for the result, without a limit. The worker has died, is stuck, or never got the message, and nobody tells this side.',
  explanation:
    'A pool replaces a worker that was killed (by the OOM killer, by a crash) but not the job that it had: its result never comes. A queue or pipe does not say that its other end is gone as long as anybody holds it open. When a message is lost both sides wait: the worker for a task, the parent for a result.',
  signatures: [
    { find: `${MANAGER} -> py:{#read, #poll}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${FOR_CLIENT} -> c:#lock-wait$`, confidence: 'possible', notes: NOTES },
    { find: `${FOR_CLIENT}$`, confidence: 'possible', notes: NOTES },
    {
      find: `${NOT_FOR_WORK} -> ${RESPONSE} -> {#poll, #read, #condition-wait, #lock-wait, #semaphore-wait}$`,
      confidence: 'possible',
      notes: NOTES,
    },
    {
      find: 'py:{result, gather, get, compute, persist, sync}@distributed/client.py! -> py:sync@distributed/utils.py!',
      confidence: 'possible',
      notes: { 'py:sync@distributed/utils.py!': 'waits for the cluster' },
    },
    {
      find: '!py:{actor_method_executor, function_executor}@ray/ -> py:{get, wait}@ray/_private/worker.py!',
      confidence: 'possible',
      notes: { 'py:{get, wait}@ray/_private/worker.py!': 'waits for a task or an actor' },
    },
    { find: `${ENDS_POOL} -> py:{#read, #poll}$`, confidence: 'possible', notes: NOTES },
    { find: `${RAY} -> c:{#condition-wait, #lock-wait, #futex}`, confidence: 'possible', notes: NOTES },
    {
      find: `${NOT_FOR_WORK} -> ${NOT_A_WORKER} -> py:recv@multiprocessing/connection.py! -> py:{#read, #poll}$`,
      confidence: 'possible',
      notes: {
        'py:recv@multiprocessing/connection.py!': 'waits for a message of the process at the other end of the pipe',
      },
    },
    {
      find: 'py:{expect_loop, expect_exact, expect_list}@pexpect/!',
      confidence: 'possible',
      notes: NOTES,
    },
    {
      find: `${NOT_FOR_WORK} -> ${NOT_A_WORKER} -> ${SHARED_LOCK}`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: DRAINS, confidence: 'possible', stuck: 'likely', notes: NOTES },
    {
      find: `${FORK_SERVER} -> py:{read_signed, connect_to_new_process}@multiprocessing/forkserver.py`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'py:{waitall, waitclose, safe_terminate, join}@execnet/!', confidence: 'possible', notes: NOTES },
    {
      find: 'py:{get, wait_for_pending, drain_events_until, _maybe_reraise_parent_error}@celery/result.py!',
      confidence: 'possible',
    },
    { find: 'py:{drain_events_until, _wait_for_pending}@celery/backends/asynchronous.py!', confidence: 'possible' },
    {
      find: '!py:{_bootstrap, __bootstrap, spawn_main} -> !py:{_worker_loop, worker, _process_worker, _try_get_data} -> py:get@multiprocessing/queues.py! -> py:{#read, #poll}$',
      confidence: 'possible',
      notes: { 'py:get@multiprocessing/queues.py!': 'waits for a message of another process' },
    },
    {
      find: '!py:{_bootstrap, __bootstrap, spawn_main} -> !py:{_worker_loop, worker, _process_worker, _try_get_data} -> py:get@multiprocessing/queues.py!$',
      confidence: 'possible',
    },
  ],
  match,
  needs: ['the Python frames of the process and of its workers: py-spy dump --subprocesses --pid PID'],
  notWhen: [
    'a worker is at work on it: it uses CPU, and two moments of it differ',
    'a worker waits for a task: that is its rest, as long as nobody waits for its answer',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See whether the workers live, and whether one was killed.',
      command: "ps -o pid,stat,etime,args --ppid PID; dmesg -T | grep -iE 'killed process|segfault' | tail",
    },
    {
      kind: 'fix',
      step: 'Use what notices a dead worker: concurrent.futures.ProcessPoolExecutor raises BrokenProcessPool, multiprocessing.Pool waits; and get(timeout=…) with a look at the workers.',
    },
    {
      kind: 'prevent',
      step: 'Let workers report every error as a result, bound their memory, and close the ends of pipes that a process does not use.',
    },
    { kind: 'verify', step: 'With one worker killed (kill -9) the parent reports an error instead of waiting.' },
  ],
  references: [
    {
      title: 'python/cpython#66587',
      url: 'https://github.com/python/cpython/issues/66587',
      establishes:
        'multiprocessing.Pool waits for ever for a job whose worker was killed; two proposals (#10441, #16103) were not merged',
    },
    {
      title: 'pytest-dev/execnet#43',
      url: 'https://github.com/pytest-dev/execnet/issues/43',
      establishes: 'termination of workers that waits without passing its timeout on; bounded by #419 (July 2026)',
    },
    {
      title: 'Python library: BrokenProcessPool',
      url: 'https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.process.BrokenProcessPool',
      establishes: 'ProcessPoolExecutor raises it when a worker was killed',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  yield* everybodyWaits(facts);
  const working = parentsOfWork(facts.threads);
  for (const own of groupByProcess(facts.threads).values()) {
    if (!working.has(own[0]?.process.parentPid ?? -1))
      for (const one of own.filter(wantsSharedLock))
        yield {
          confidence: 'possible',
          threads: [witness(one, 'wants a lock that processes share: its holder is one of those, or has died')],
        };
    // With its workers at work, or waiting for something themselves, the answer is only late.
    if (own.some(isBusyWorker) || working.has(own[0]?.process.pid ?? -1)) continue;
    for (const one of own.filter(waitsForResult))
      yield {
        confidence: 'possible',
        threads: [witness(one, 'waits for a result', [{ find: isResult, note: 'waits for the result of a job' }])],
      };
  }
}

const JOBLIB = 'joblib/parallel.py';
const RESULTS: readonly (readonly [string, string])[] = [
  ['get', 'multiprocessing/pool.py'],
  ['wait', 'multiprocessing/pool.py'],
  ['next', 'multiprocessing/pool.py'],
  ['join', 'multiprocessing/pool.py'],
  ['_terminate_pool', 'multiprocessing/pool.py'],
  ['join', 'multiprocessing/queues.py'],
  ['result', 'concurrent/futures/_base.py'],
  ['result_iterator', 'concurrent/futures/_base.py'],
  ['retrieve', JOBLIB],
  ['_retrieve', JOBLIB],
];

function isResult({ plain, frame }: KnownFrame): boolean {
  return RESULTS.some(([name, place]) => name === plain && isAt(frame, place));
}

function waitsForResult({ thread, frames }: ThreadFacts): boolean {
  const { wait } = thread;
  if (wait?.timeout === 'some' || thread.idleAs !== undefined || thread.progress === 'moving') return false;
  // joblib looks every few milliseconds.
  const waits = wait?.kind === 'condition' || wait?.kind === 'join';
  return frames.some((known) => isResult(known) && (waits || isAt(known.frame, JOBLIB)));
}

/** A worker whose own code takes such a lock: those of queues and pools are a place to rest at. */
function wantsSharedLock({ frames, thread }: ThreadFacts): boolean {
  if (thread.idleAs !== undefined || thread.progress === 'moving') return false;
  const own = frames.filter(({ frame, plumbing }) => frame.language === 'python' && !plumbing);
  const taker = own.findIndex((known) => !isSharedLock(known));
  const inLibrary = own[taker] === undefined || isAt(own[taker].frame, 'multiprocessing/');
  return taker > 0 && !inLibrary && own.some(({ categories }) => categories.has('worker-start'));
}

function isSharedLock({ plain, frame }: KnownFrame): boolean {
  return /^(?:__enter__|acquire)$/.test(plain) && isAt(frame, 'multiprocessing/synchronize.py');
}

function isBusyWorker({ frames, thread }: ThreadFacts): boolean {
  return (
    thread.idleAs === undefined &&
    frames.some(
      ({ plain, frame }) =>
        (plain === '_worker' && isAt(frame, 'concurrent/futures/thread.py')) ||
        (plain === 'worker' && isAt(frame, 'multiprocessing/pool.py')),
    )
  );
}

/** Everybody waits for a message of somebody: nobody is left who could send one. */
function* everybodyWaits({ threads }: Facts): Iterable<Match> {
  const groups = [...groupByProcess(threads).values()].map((own) => own.filter(({ frames }) => frames.length > 0));
  if (groups.length < 2) return;
  const parent = groups.find((own) => groups.some((other) => isChildOf(other, own)));
  if (parent === undefined) return;
  if (!groups.every((own) => own.some(getsMessage) && own.every((one) => getsMessage(one) || restsBeside(one)))) return;
  const waiters = groups.flatMap((own) => own.filter(getsMessage));
  yield {
    confidence: 'likely',
    threads: waiters.map((one) =>
      witness(one, 'waits for a message, as everybody does', [
        {
          find: ({ plain, frame }) => plain === 'get' && isAt(frame, 'multiprocessing/queues.py'),
          note: 'takes from a queue between processes',
        },
      ]),
    ),
  };
}

function isChildOf(own: readonly ThreadFacts[], parent: readonly ThreadFacts[]): boolean {
  const pid = parent[0]?.process.pid;
  return pid !== undefined && own[0]?.process.parentPid === pid;
}

function getsMessage({ frames, thread }: ThreadFacts): boolean {
  return (
    thread.progress !== 'moving' &&
    thread.wait?.timeout !== 'some' &&
    frames.some(({ plain, frame }) => plain === 'get' && isAt(frame, 'multiprocessing/queues.py'))
  );
}

/** Feeders and trackers: they send only what others have put. */
function restsBeside({ thread }: ThreadFacts): boolean {
  return thread.idleAs !== undefined;
}
