import { defineRule, type RuleSignature } from '../rule.ts';

/** Where a worker of a task queue runs a task, and where code waits for the result of one. */
const FRAMEWORKS: readonly (readonly [runs: string, waits: string])[] = [
  [
    'py:{_run_task, _run_task_simple, apply_function, apply_function_simple}@distributed/worker.py!',
    'py:{result, gather, get, sync}@distributed/client.py!',
  ],
  [
    'py:{trace_task, __trace__, __protected_call__, fast_trace_task, _fast_trace_task, _trace_task_ret}@celery/app/trace.py!',
    'py:{get, wait, wait_for_pending, join, join_native, collect, iterate}@celery/result.py!',
  ],
  ['py:process_message@dramatiq/worker.py!', 'py:{get_result, get_results}@dramatiq/!'],
  ['py:{execute, _execute, process_task}@huey/!', 'py:{get, get_raw_result, _get}@huey/api.py!'],
  ['py:{actor_method_executor, function_executor}@ray/!', 'py:{get, wait, get_objects}@ray/_private/worker.py!'],
];

export default defineRule({
  id: 'task-waits-for-task',
  cause: 'pool-starvation',
  library: undefined,
  title: 'a task waits, inside its worker, for the result of another task',
  summary:
    'A worker of a task queue runs a task that handed in more tasks and waits for their results. It takes a worker with it while it waits; when all workers wait so, nobody is left to run what they wait for.',
  explanation:
    'The number of workers is fixed. A task that waits for tasks of the same queue holds its own place meanwhile. With free workers it goes well; under load, with one worker, or when many such tasks come at once, every place is taken by a task that waits.',
  signatures: FRAMEWORKS.map(
    ([runs, waits]): RuleSignature => ({
      find: `${runs} -> ${waits}`,
      confidence: 'possible',
      notes: { [runs]: 'a worker runs a task', [waits]: 'which waits for the result of another one' },
    }),
  ),
  needs: [
    'the Python frames of the worker, and of all its siblings: py-spy dump --subprocesses --pid PARENT',
    'what waits in the queue: celery inspect active reserved, the dashboard of dask, ray status',
  ],
  notWhen: [
    'the workers that run the other tasks are at work: then it just takes its time',
    'the task gives its place away while it waits: worker_client() and secede() of dask, ray.get in a task',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Start another worker on the same queue: it runs what the others wait for.',
      command: 'celery -A APP worker --concurrency 2 -n extra@%h',
    },
    {
      kind: 'fix',
      step: 'Do not wait inside a task: chain the tasks (celery: chain, chord; dask: pass the futures on as arguments), or secede before waiting.',
    },
    {
      kind: 'prevent',
      step: 'Run the tasks that wait on a queue and workers of their own; give get() a timeout.',
    },
    { kind: 'verify', step: 'With a single worker the job still comes to an end.' },
  ],
  references: [
    {
      title: 'Celery: avoid launching synchronous subtasks',
      url: 'https://docs.celeryq.dev/en/stable/userguide/tasks.html#avoid-launching-synchronous-subtasks',
      establishes: 'a task that waits for another one may deadlock when the pool is exhausted',
    },
    {
      title: 'Dask: launch tasks from tasks',
      url: 'https://distributed.dask.org/en/stable/task-launch.html',
      establishes: 'a task that waits for tasks has to secede from the thread pool, or the scheduler can deadlock',
    },
    {
      title: 'deis/deis#359',
      url: 'https://github.com/deis/deis/pull/359',
      establishes:
        'since Celery 3.1 a subtask may be handed to the very process that waits for it; mended by waiting for no task inside a task',
    },
    {
      title: 'ray-project/ray#231',
      url: 'https://github.com/ray-project/ray/issues/231',
      establishes:
        'with one worker a task waited for another for ever; since 2017 (#286) a task that waits in ray.get() gives its place away',
    },
  ],
});
