import type { IdleTable } from './idle-table.ts';

/** Workers of pools and task queues, and the threads that manage them. */
export const POOLS: IdleTable = [
  ['idle executor worker', 'py:_worker@concurrent/futures/thread.py$'],
  ['idle executor worker', 'py:_worker@concurrent/futures/thread.py => py:get@queue.py'],
  ['idle process pool worker', 'py:_process_worker@concurrent/futures/process.py => py:get@multiprocessing/queues.py'],
  ['idle process pool worker', 'py:worker@multiprocessing/pool.py => py:get@multiprocessing/queues.py'],
  ['idle process pool worker', 'py:worker@multiprocessing/pool.py => py:get@queue.py'],
  ['idle process pool worker', 'py:worker@multiprocessing/pool.py => py:get@Queue.py'],
  ['idle process pool worker', 'py:{worker, workloop}@billiard/pool.py -> py:{wait_for_job, receive, get_message}'],
  ['idle process pool worker', 'py:_process_worker@loky/process_executor.py => py:get@loky/backend/queues.py'],
  ['idle process pool worker', 'py:_process_worker@joblib/externals/loky/process_executor.py => py:get@*queues.py'],
  [
    'process pool handler',
    'py:{_handle_workers, _handle_tasks, _handle_results, _wait_for_updates}@multiprocessing/pool.py',
  ],
  ['process pool handler', 'py:{_queue_management_worker, wait_result_broken_or_wakeup}@concurrent/futures/process.py'],
  ['process pool handler', 'py:{wait_result_broken_or_wakeup, _queue_management_worker}@loky/process_executor.py'],
  ['process pool handler', 'py:body@billiard/pool.py'],
  ['queue feeder', 'py:_feed@multiprocessing/queues.py -> py:wait@threading.py'],
  ['resource tracker', 'py:main@multiprocessing/resource_tracker.py'],
  ['resource tracker', 'py:main@multiprocessing/semaphore_tracker.py'],
  ['resource tracker', 'py:main@loky/backend/resource_tracker.py'],
  ['fork server', 'py:main@multiprocessing/forkserver.py -> py:select@selectors.py'],
  ['manager server', 'py:{serve_forever, accepter}@multiprocessing/managers.py'],
  // At a line of its own it is inside a method that it runs for a client: in a lock that somebody holds, perhaps.
  ['manager server', 'py:serve_client@multiprocessing/managers.py -> py:{#read, #poll}$'],
  ['idle worker of an event loop', 'py:run@anyio/_backends/_asyncio.py => py:get@queue.py'],
  ['idle worker of an event loop', 'py:_work@trio/_core/_thread_cache.py$'],
  ['idle worker of an event loop', 'py:work@twisted/_threads/_threadworker.py => py:get@queue.py'],
  ['idle worker of an event loop', 'py:work@twisted/_threads/_threadworker.py => py:get@Queue.py'],
  ['idle worker of an event loop', 'py:{_worker, run}@gevent/threadpool.py -> py:{get, wait}@gevent/_threading.py'],
  ['idle worker of an event loop', 'py:{__trampoline, tworker}@eventlet/tpool.py => py:get@queue.py'],
  ['idle worker of an event loop', 'py:{__trampoline, tworker}@eventlet/tpool.py => py:get@Queue.py'],
  ['task worker waiting for a task', 'py:run@dramatiq/worker.py => py:get@queue.py'],
  ['task worker waiting for a task', 'py:{loop, run}@huey/consumer.py -> py:wait@threading.py'],
  [
    'task worker waiting for a task',
    'py:{loop, run}@huey/consumer.py -> py:{dequeue, read, sleep, sleep_for_interval}@huey/',
  ],
  ['task worker waiting for a task', 'py:work@rq/worker.py -> py:{dequeue_job_and_maintain_ttl, dequeue_any}@rq/'],
  [
    'task worker waiting for a task',
    'py:{work, _work}@rq/worker/base.py -> py:{dequeue_job_and_maintain_ttl, dequeue_any}@rq/',
  ],
  ['task worker waiting for a task', 'py:_worker@distributed/threadpoolexecutor.py => py:get@queue.py'],
  ['task worker waiting for a task', 'py:main_loop@ray/'],
  ['celery worker at rest', 'py:{create_loop, synloop, asynloop} -> py:{poll, _poll, drain_events}'],
  ['celery worker at rest', 'py:{run, start, wait_for_soldiers}@celery/concurrency/ -> py:{wait, sleep}'],
  ['celery scheduler at rest', 'py:start@celery/beat.py => py:{sleep, wait}'],
  ['celery scheduler at rest', 'py:start@celery/beat.py$'],
  [
    'data loader worker waiting for work',
    'py:_worker_loop@torch/utils/data/_utils/worker.py => py:get@multiprocessing/queues.py',
  ],
  [
    'data loader pinning thread',
    'py:{_pin_memory_loop, do_one_step}@torch/utils/data/_utils/pin_memory.py -> py:get@multiprocessing/queues.py',
  ],
  [
    'inference worker waiting for a request',
    'py:worker_busy_loop@vllm/ -> py:{dequeue, acquire_read}@vllm/distributed/device_communicators/shm_broadcast.py',
  ],
  ['inference engine waiting for a request', 'py:{run_busy_loop, _process_input_queue}@vllm/ -> py:get@queue.py'],
  [
    'inference engine input',
    'py:{process_input_sockets, process_output_sockets, process_input_socket, process_output_socket}@vllm/ -> py:{poll, recv_multipart, get}',
  ],
  [
    'inference server at rest',
    'py:{event_loop, recv_requests, event_loop_normal, event_loop_overlap}@sglang/ -> py:{recv_pyobj, recv, poll}',
  ],
];
