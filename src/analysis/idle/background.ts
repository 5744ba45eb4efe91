import type { IdleTable } from './idle-table.ts';

/** Threads that libraries run beside the program, and clients between messages. */
export const BACKGROUND: IdleTable = [
  // Paths of namespace packages, as py-spy shortens them.
  ['reporter of a monitoring library', 'py:worker@_shared_internal/__init__.py -> py:wait@threading.py'],
  ['reporter of a monitoring library', 'py:_ticker@metrics/_internal/export/__init__.py -> py:wait@threading.py'],
  ['timer', 'py:run@threading.py => py:wait@threading.py'],
  ['scheduler waiting for the next job', 'py:_main_loop@apscheduler/schedulers/ -> py:wait@threading.py'],
  ['file watcher', 'py:{read_events, run, get_event, dispatch_events, read_event, queue_events, do_poll}@watchdog/'],
  ['heartbeat', 'py:run@ipykernel/heartbeat.py'],
  ['heartbeat', 'py:_async_run@jupyter_client/channels.py -> py:wait@threading.py'],
  ['output thread', 'py:{_thread_main, _watch_pipe_fd}@ipykernel/iostream.py'],
  ['history writer', 'py:run@IPython/core/history.py -> py:wait@threading.py'],
  ['log listener', 'py:_monitor@logging/handlers.py -> py:{dequeue, get}'],
  ['progress monitor', 'py:run@tqdm/_monitor.py'],
  ['reporter of a monitoring library', 'py:{_target, _flush_loop, _thread, _run}@sentry_sdk/ -> py:{get, wait}'],
  ['reporter of a monitoring library', 'py:{_target, _flush_loop, _thread, _run, run}@sentry_sdk/$'],
  [
    'reporter of a monitoring library',
    'py:{worker, _ticker, run, _worker}@opentelemetry/sdk/ -> py:{wait, wait_for}@threading.py',
  ],
  ['reporter of a monitoring library', 'py:{run, _target, _worker}@ddtrace/ -> py:{wait, sleep}'],
  [
    'subscriber waiting for messages',
    'py:{listen, get_message, blpop, brpop, bzpopmin, xread, xreadgroup}@redis/ -> py:{read_response, can_read, recv, readline, _read_from_socket, read}',
  ],
  [
    'subscriber waiting for messages',
    'py:{loop_forever, _thread_main}@paho/mqtt/client.py -> py:{_loop, loop}@paho/mqtt/client.py$',
  ],
  [
    'subscriber waiting for messages',
    'py:{start_consuming, process_data_events}@pika/adapters/blocking_connection.py -> py:#poll$',
  ],
  [
    'subscriber waiting for messages',
    'py:{start_consuming, process_data_events}@pika/ -> py:poll@pika/adapters/select_connection.py$',
  ],
  [
    'subscriber waiting for messages',
    'py:{__next__, _message_generator_v2, poll, next_v2}@kafka/consumer/group.py -> py:poll@kafka/client_async.py',
  ],
  ['sender waiting for messages', 'py:run@kafka/producer/sender.py -> py:poll@kafka/client_async.py'],
  ['websocket client waiting for messages', 'py:run_forever@websocket/_app.py -> py:{read, dispatch, select, wait}'],
  ['heartbeat', 'py:_send_ping@websocket/_app.py -> py:wait@threading.py'],
  [
    'websocket client waiting for messages',
    'py:{recv, recv_data, run_forever, dispatch}@websocket/ -> py:{recv, read}@websocket/',
  ],
  ['monitor of a database client', 'py:{_run, _target, target}@pymongo/periodic_executor.py'],
  ['thread of a debugger', 'py:_on_run@_pydevd_bundle/'],
  ['SSH transport', 'py:run@paramiko/transport.py -> py:{read_message, read_all}@paramiko/packet.py'],
  [
    'ZeroMQ background thread',
    'c:{zmq::epoll_t::loop, zmq::poll_t::loop, zmq::select_t::loop, zmq::kqueue_t::loop} -> c:#poll$',
  ],
  ['thread parked at the end of the interpreter', 'c:PyThread_hang_thread -> c:{pause, #sleep}$'],
];
