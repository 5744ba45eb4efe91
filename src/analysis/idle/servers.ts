import type { IdleTable } from './idle-table.ts';

/** A loop in its select(). */
export const AT_REST = 'event loop at rest';

/** Servers between requests, and event loops that wait for something to do. */
export const SERVERS: IdleTable = [
  ['server waiting for requests', 'py:serve_forever@socketserver.py -> py:select@selectors.py'],
  ['server waiting for requests', 'py:serve_forever@SocketServer.py => py:_eintr_retry@SocketServer.py'],
  [
    'server waiting for requests',
    'py:{serve_forever, handle_request}@socketserver.py => py:{_eintr_retry, get_request}@socketserver.py',
  ],
  [
    'server keeping a connection open',
    'py:handle@http/server.py -> py:handle_one_request@http/server.py => py:readinto@socket.py',
  ],
  ['gunicorn arbiter', 'py:run@gunicorn/arbiter.py -> py:{sleep, wait_for_signals}@gunicorn/arbiter.py'],
  [
    'gunicorn worker waiting for requests',
    'py:run@gunicorn/workers/sync.py -> py:{wait, accept}@gunicorn/workers/sync.py',
  ],
  ['gunicorn worker waiting for requests', 'py:run@gunicorn/workers/gthread.py -> py:select@selectors.py'],
  ['gunicorn control socket', 'py:_run_loop@gunicorn/ -> py:select@selectors.py'],
  ['uwsgi worker waiting for requests', 'c:uwsgi_ignition -> c:{wsgi_req_accept, uwsgi_cycle}'],
  ['uwsgi worker waiting for requests', 'c:simple_loop_run -> c:wsgi_req_accept'],
  ['uwsgi worker waiting for requests', 'c:wsgi_req_accept -> c:{#poll, #lock-wait}$'],
  ['uwsgi master', 'c:master_loop -> c:{#poll, waitpid, event_queue_wait_multi}'],
  ['waitress worker waiting for requests', 'py:handler_thread@waitress/task.py => py:wait@threading.py'],
  ['waitress waiting for requests', 'py:{loop, run}@waitress/ -> py:{poll, poll2}@waitress/wasyncore.py$'],
  ['server waiting for connections', 'py:accept@socket.py$'],
  ['server waiting for connections', 'py:accept@ssl.py => py:accept@socket.py$'],
  ['gRPC server', 'py:_serve@grpc/_server.py$'],
  ['gRPC server', 'py:wait_for_termination@grpc/_server.py -> py:wait@threading.py'],
  ['gRPC channel', 'py:{channel_spin, _poll_connectivity}@grpc/_channel.py$'],
  ['development server watching its files', 'py:{run, tick, snapshot_files, _run}@django/utils/autoreload.py$'],
  ['development server watching its files', 'py:{run, run_step, trigger_reload}@werkzeug/_reloader.py$'],
  [
    'development server watching its files',
    'py:run@uvicorn/supervisors/ -> py:{should_restart, wait, pause, __next__}',
  ],
  ['development server waiting for its child', 'py:restart_with_reloader@django/utils/autoreload.py -> py:#child-wait'],
  ['development server waiting for its child', 'py:restart_with_reloader@werkzeug/_reloader.py -> py:#child-wait'],
  [
    'supervisor of server processes',
    'py:{run, pause, keep_subprocess_alive}@uvicorn/supervisors/ -> py:wait@threading.py',
  ],
  // event loops
  [AT_REST, 'py:_run_once@asyncio/base_events.py => py:select@selectors.py'],
  [AT_REST, 'py:_run_once@asyncio/base_events.py => py:{select, _poll}@asyncio/windows_events.py'],
  [AT_REST, 'py:{run_until_complete, run_forever, run, asyncio_run} -> c:{uv__io_poll}'],
  [AT_REST, 'py:asyncio_run@uvicorn/_compat.py$'],
  [AT_REST, 'py:run@asyncio/runners.py$'],
  [AT_REST, 'py:run@gevent/hub.py$'],
  [AT_REST, 'c:ev_run -> c:epoll_poll -> c:epoll_wait'],
  [AT_REST, 'c:{ev_run, uv_run} -> c:{epoll_poll, poll_poll, select_poll, kqueue_poll, uv__io_poll} -> c:#poll$'],
  [AT_REST, 'py:run@eventlet/hubs/hub.py -> py:{wait, do_poll, do_sleep}@eventlet/hubs/'],
  [AT_REST, 'py:{doPoll, doSelect, doKEvent, doIteration}@twisted/internet/$'],
  [AT_REST, 'py:doSelect@twisted/internet/ => py:_select@twisted/internet/selectreactor.py$'],
  [AT_REST, 'py:start@tornado/ioloop.py -> py:poll@tornado/'],
  [AT_REST, 'py:start@tornado/ioloop.py$'],
  [AT_REST, 'py:{run, unrolled_run} -> py:get_events@trio/_core/$'],
  [AT_REST, 'py:mainloop@tkinter/__init__.py$'],
  [AT_REST, 'py:mainloop@lib-tk/Tkinter.py$'],
  [AT_REST, 'py:mainloop@Tkinter.py$'],
  [AT_REST, 'py:run@gi/overrides/*.py$'],
  [AT_REST, 'c:{QApplication::exec, QCoreApplication::exec, QGuiApplication::exec} -> c:QEventLoop::exec -> c:#poll$'],
];
