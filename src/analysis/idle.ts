import type { KnownFrame } from '../frames/known-frame.ts';
import { compileSignature } from '../signatures/compile.ts';
import { matchSignature } from '../signatures/match.ts';
import { parseSignature } from '../signatures/parse.ts';
import type { ThreadFacts } from './facts.ts';

/**
 * Threads that wait because it is their job, by their whole stack: what they are, and how it shows.
 * The innermost frame alone never tells: poll() under zmq_ctx_term is a hang, poll() under a server's loop is not.
 */
const IDLE: readonly (readonly [string, string])[] = [
  // concurrent.futures and multiprocessing
  ['idle executor worker', 'py:_worker@concurrent/futures/thread.py$'],
  ['idle executor worker', 'py:_worker@concurrent/futures/thread.py => py:get@queue.py'],
  ['idle process pool worker', 'py:_process_worker@concurrent/futures/process.py => py:get@multiprocessing/queues.py'],
  ['idle process pool worker', 'py:worker@multiprocessing/pool.py => py:get@multiprocessing/queues.py'],
  ['idle process pool worker', 'py:worker@multiprocessing/pool.py => py:get@queue.py'],
  ['idle process pool worker', 'py:worker@billiard/pool.py -> py:{wait_for_job, receive, get_message}'],
  [
    'process pool handler',
    'py:{_handle_workers, _handle_tasks, _handle_results, _wait_for_updates}@multiprocessing/pool.py',
  ],
  ['process pool handler', 'py:{_queue_management_worker, wait_result_broken_or_wakeup}@concurrent/futures/process.py'],
  ['queue feeder', 'py:_feed@multiprocessing/queues.py -> py:wait@threading.py'],
  ['resource tracker', 'py:main@multiprocessing/resource_tracker.py'],
  ['fork server', 'py:main@multiprocessing/forkserver.py -> py:select@selectors.py'],
  ['manager server', 'py:{serve_forever, accepter, serve_client}@multiprocessing/managers.py'],
  ['timer', 'py:run@threading.py => py:wait@threading.py -> py:wait@threading.py$'],
  // servers
  ['server waiting for requests', 'py:serve_forever@socketserver.py -> py:select@selectors.py'],
  [
    'server waiting for requests',
    'py:{serve_forever, handle_request}@socketserver.py => py:{_eintr_retry, get_request}@socketserver.py',
  ],
  [
    'server keeping a connection open',
    'py:handle@http/server.py -> py:handle_one_request@http/server.py => py:readinto@socket.py',
  ],
  ['gunicorn arbiter', 'py:run@gunicorn/arbiter.py -> py:sleep@gunicorn/arbiter.py'],
  [
    'gunicorn worker waiting for requests',
    'py:run@gunicorn/workers/sync.py -> py:{wait, accept}@gunicorn/workers/sync.py',
  ],
  ['gunicorn worker waiting for requests', 'py:run@gunicorn/workers/gthread.py -> py:select@selectors.py'],
  ['uwsgi worker waiting for requests', 'c:uwsgi_ignition -> c:{wsgi_req_accept, uwsgi_cycle}'],
  ['waitress waiting for requests', 'py:{handler_thread, poll}@waitress/'],
  ['server waiting for connections', 'py:accept@socket.py$'],
  // event loops
  ['event loop at rest', 'py:_run_once@asyncio/base_events.py => py:select@selectors.py'],
  ['event loop at rest', 'py:{run_until_complete, run_forever, run}@asyncio/ -> c:{uv__io_poll, uv_run}'],
  ['event loop at rest', 'py:run@gevent/hub.py$'],
  ['event loop at rest', 'c:{gevent_run, ev_run, epoll_poll} -> c:{epoll_wait, poll}'],
  ['event loop at rest', 'py:run@eventlet/hubs/hub.py -> py:wait@eventlet/hubs/'],
  ['event loop at rest', 'py:{doPoll, doSelect, doIteration}@twisted/internet/'],
  ['event loop at rest', 'py:start@tornado/ioloop.py -> py:poll@tornado/'],
  ['event loop at rest', 'py:{run, get_events}@trio/_core/ -> py:{get_events, epoll_wait}@trio/_core/'],
  ['celery worker at rest', 'py:{create_loop, synloop, asynloop} -> py:{poll, _poll, drain_events}'],
  // background threads of libraries
  ['thread of a debugger', 'py:_on_run@_pydevd_bundle/'],
  ['supervisor of a child', 'py:{restart_with_reloader, run_with_reloader}@werkzeug/ -> py:#child-wait'],
  ['supervisor of a child', 'py:restart_with_reloader@django/utils/autoreload.py -> py:#child-wait'],
  ['scheduler waiting for the next job', 'py:_main_loop@apscheduler/schedulers/blocking.py -> py:wait@threading.py'],
  ['file watcher', 'py:{read_events, run, get_event, dispatch_events}@watchdog/'],
  ['heartbeat', 'py:run@ipykernel/heartbeat.py'],
  ['output thread', 'py:_thread_main@ipykernel/iostream.py'],
  ['history writer', 'py:run@IPython/core/history.py -> py:wait@threading.py'],
  ['log listener', 'py:_monitor@logging/handlers.py -> py:{dequeue, get}'],
  ['progress monitor', 'py:run@tqdm/_monitor.py'],
  [
    'subscriber waiting for messages',
    'py:{listen, get_message, blpop, brpop, bzpopmin, xread, xreadgroup}@redis/ -> py:{read_response, can_read, recv, readline, _read_from_socket, read}',
  ],
  [
    'subscriber waiting for messages',
    'py:{recv, recv_data, run_forever, dispatch}@websocket/ -> py:{recv, read}@websocket/',
  ],
  ['subscriber waiting for messages', 'py:{loop_forever, _loop}@paho/mqtt/client.py'],
  ['subscriber waiting for messages', 'py:start_consuming@pika/adapters/blocking_connection.py -> #poll'],
  ['subscriber waiting for messages', 'py:{_run, _target, target}@pymongo/periodic_executor.py'],
  ['subscriber waiting for messages', 'py:run@paramiko/transport.py -> py:{read_message, read_all, read}@paramiko/'],
  [
    'data loader worker waiting for work',
    'py:_worker_loop@torch/utils/data/_utils/worker.py => py:get@multiprocessing/queues.py',
  ],
  [
    'data loader pinning thread',
    'py:{_pin_memory_loop, do_one_step}@torch/utils/data/_utils/pin_memory.py -> py:get@multiprocessing/queues.py',
  ],
  ['ray worker waiting for tasks', 'py:main_loop@ray/'],
  [
    'ZeroMQ background thread',
    'c:{zmq::epoll_t::loop, zmq::poll_t::loop, zmq::select_t::loop, zmq::kqueue_t::loop} -> c:#poll$',
  ],
];

const COMPILED = IDLE.map(([label, find]) => ({ label, compiled: compileSignature(parseSignature(find)) }));

/** What kind of thread at rest this is, if it is one. */
export function idleKind(facts: ThreadFacts): string | undefined {
  const { frames, thread, cut } = facts;
  const stack = { frames, view: thread.view, truncated: cut, told: new Set<never>() };
  const found = COMPILED.find(({ compiled }) => {
    const match = matchSignature(compiled, stack);
    return match !== undefined && match.unseen.length === 0;
  });
  return found?.label ?? (isLibraryThread(facts) ? 'thread of a native library at rest' : undefined);
}

/**
 * A thread that a library made for itself: it has no Python frames and no interpreter below, although gdb would show them,
 * and waits to be given work.
 */
function isLibraryThread({ frames, thread }: ThreadFacts): boolean {
  if (!thread.view.interpreter || frames.length === 0 || thread.truncated) return false;
  const atEntry = frames.at(-1)?.categories.has('thread-entry') === true || frames.at(-1)?.unnamed === true;
  return (
    atEntry &&
    !frames.some(isPython) &&
    (thread.wait?.kind === 'poll' || thread.wait?.kind === 'condition' || thread.wait?.kind === 'semaphore')
  );
}

function isPython({ frame, bare, categories }: KnownFrame): boolean {
  return frame.language === 'python' || categories.has('eval') || /^_?Py[A-Z]|^_Py_|^take_gil$|^pymain/.test(bare);
}
