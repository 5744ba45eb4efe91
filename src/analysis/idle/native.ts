import type { IdleTable } from './idle-table.ts';

/**
 * Threads that libraries with native code keep for themselves, at rest: watchdogs, progress engines, workers of pools.
 */
export const IDLE_NATIVE: IdleTable = [
  ['gRPC server waiting for requests', 'py:{_serve, _process_event_and_continue}@grpc/_server.py$'],
  [
    'gRPC server waiting for its end',
    'py:wait_for_termination@grpc/_server.py -> py:{wait, _wait_once, wait_for_termination}$',
  ],
  ['gRPC channel thread', 'py:{channel_spin, _poll_connectivity, _run_channel_spin_thread}@grpc/_channel.py'],
  [
    'NCCL watchdog',
    'c:{ncclCommWatchdog, ncclCommWatchdogInternal, workCleanupLoop, ncclHeartbeatMonitor, heartbeatMonitor, HeartbeatMonitor::runLoop, HeartbeatMonitor::run, Watchdog::runLoop, Watchdog::run, runHookLoop}',
  ],
  [
    'NCCL helper',
    'c:{ncclProxyService, ncclProxyServiceUDS, ncclProxyProgress, persistentThread, ncclCommInitRankAsyncHelper}',
  ],
  ['TCPStore server', 'c:{TCPStoreMasterDaemon::run, LibUVStoreDaemon::run, BackgroundThread::run}'],
  ['autograd worker at rest', 'c:ReadyQueue::pop -> c:#condition-wait'],
  [
    'OpenMP worker at rest',
    'c:gomp_thread_start -> c:{gomp_team_barrier_wait_end, gomp_barrier_wait_end, gomp_simple_barrier_wait, gomp_thread_pool_wait}',
  ],
  ['OpenMP worker at rest', 'c:kmp_launch_worker -> c:kmp_fork_barrier'],
  ['BLAS worker at rest', 'c:blas_thread_server -> c:{#condition-wait, #spin, #futex}$'],
  ['rayon worker at rest', 'c:rayon_core::registry::ThreadBuilder::run -> c:rayon_core::sleep::Sleep::sleep'],
  ['tokio worker at rest', 'c:tokio::runtime::* -> c:{#poll, #condition-wait}$'],
  [
    'allocator thread at rest',
    'c:{background_thread_entry, je_background_thread_entry, background_thread_sleep} -> c:{#condition-wait, #sleep}',
  ],
  ['librdkafka thread', 'c:{rd_kafka_thread_main, rd_kafka_broker_thread_main, rd_kafka_background_thread_main}'],
  ['ray subscriber at rest', 'py:{listen_error_messages, print_logs, import_thread_loop}@ray/'],
  ['ray subscriber at rest', 'c:{PythonGcsSubscriber::DoPoll, ray::gcs::PythonGcsSubscriber::DoPoll}'],
  ['ray event loop at rest', 'c:boost::asio::detail::scheduler::run -> c:{#condition-wait, #poll}$'],
  ['daemon thread parked by the end of the interpreter', 'c:PyThread_hang_thread'],
  [
    'MPI progress thread',
    'c:{progress_engine, ucs_async_thread_func, opal_event_loop, start_thread} -> c:event_base_loop -> c:#poll$',
  ],
];
