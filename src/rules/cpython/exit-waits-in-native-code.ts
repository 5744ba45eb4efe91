import { defineRule } from '../rule.ts';

const EXIT =
  'c:{exit, run_exit_handlers, cxa_finalize, cxa_finalize_ranges, dl_fini, call_fini, funcs_on_exit, exit_fini, dyld::runAllTermFunctions, quick_exit, Py_Exit, LdrShutdownProcess, RtlExitUserProcess, ExitProcess, ExitProcessImplementation, execute_onexit_table}!';
const FINALIZE =
  'c:{Py_FinalizeEx, Py_Finalize, finalize_modules, finalize_modules_clear_weaklist, finalize_interp_clear, PyInterpreterState_Clear, interpreter_clear, PyGC_CollectNoFail, PyImport_Cleanup, Py_EndInterpreter}!';
/** From here on no other Python thread runs: what waits for one waits for ever. */
const TEARDOWN =
  'c:{finalize_modules, finalize_modules_clear_weaklist, finalize_interp_clear, PyInterpreterState_Clear, interpreter_clear, PyGC_CollectNoFail, PyImport_Cleanup, PyThreadState_Clear}!';
const PYTHON_LOCK =
  'c:{lock_PyThread_acquire_lock, lock_acquire, acquire_timed, rlock_acquire, PyThread_acquire_lock_timed, PyMutex_LockTimed}!';
const OWN_WAITS = '!c:{wait_for_thread_shutdown, atexit_callfuncs, PyAtExit_Call, call_py_exitfuncs}';
const WAIT = 'c:{#condition-wait, #thread-join, #lock-wait, #semaphore-wait}$';
const FORCED = 'c:{drop_gil, drop_gil_impl}!';
const TAKE = 'c:take_gil!';

/** Pools of native threads are mostly static, and let go of when the process ends. */
const POOL =
  'c:{ThreadPool::~ThreadPool, ThreadPool::Shutdown, ThreadPool::shutdown, ThreadPool::destroy_threadpool, ThreadPoolImpl::~ThreadPoolImpl, ThreadPool::~ThreadPoolTempl, pthreadpool_destroy, ReadyQueue::~ReadyQueue}!';

const NOTES = {
  [POOL]: 'ends the threads of a library',
  [EXIT]: 'the process ends: destructors of static objects and exit handlers run',
  [FINALIZE]: 'the interpreter is being torn down',
  [WAIT]: 'the wait itself',
  [FORCED]: 'gave the GIL up and waits until another thread has taken it',
  [TAKE]: 'wants the GIL back',
  [TEARDOWN]: 'the interpreter is being torn down: no other Python thread runs any more',
  [PYTHON_LOCK]: 'waits for one',
  'c:*::~*?': 'a destructor',
  'c:#native-shutdown?': 'ends the threads of a library',
};

export default defineRule({
  id: 'exit-waits-in-native-code',
  cause: 'finalization-hang',
  library: undefined,
  title: 'the process is ending and native code waits for a thread that does not come',
  summary:
    'Python is being torn down, or is through already and the C library runs destructors and exit handlers. One of them waits for another thread: to end, to signal, or to take the GIL. That thread is gone, was stopped at its next touch of Python, or needs what is torn down already.',
  explanation:
    'From the beginning of its finalization the interpreter stops every other thread that asks for the GIL: it ends it (until 3.13) or parks it for ever (since 3.14). Native code that counts on such a thread, as a destructor of a static object that joins its pool does, waits in vain. Threads may also have been ended by the system before exit handlers run, as on Windows. And a thread that gives the GIL up on request waits for another to take it; if the other one ended instead, nobody does. What is still running at exit differs from run to run.',
  general: true,
  signatures: [
    {
      find: `!c:{dlopen, dl_open, dl_init, call_init} -> ${EXIT} -> c:*::~*? -> c:#native-shutdown? -> ${WAIT}`,
      confidence: 'likely',
      notes: NOTES,
    },
    {
      find: `!c:{dlopen, dl_open, dl_init, call_init} -> ${EXIT} -> c:{#futex, #spin}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [EXIT]: NOTES[EXIT] },
    },
    {
      find: `${FINALIZE} -> ${FORCED} -> c:{#condition-wait, #lock-wait, #futex}$`,
      confidence: 'likely',
      notes: NOTES,
    },
    // After a fork nobody else is there to take it, either.
    {
      find: `!c:#fork -> !py:#forked-child -> ${FORCED} -> c:{#condition-wait, #lock-wait, #futex}$`,
      confidence: 'possible',
      notes: NOTES,
    },
    { find: `${FORCED.slice(0, -1)}$`, confidence: 'possible', notes: {} },
    {
      find: `${TEARDOWN} -> c:#finalizer? -> ${PYTHON_LOCK}`,
      confidence: 'likely',
      notes: NOTES,
    },
    // Whether the process ends is not shown: all threads of a library are ended then, and seldom else.
    {
      find: `!c:#fork -> c:{aws_thread_join_all_managed, wait_on_num_recruited_threads}! -> ${WAIT}`,
      confidence: 'possible',
    },
    { find: `!c:{#eval, #fork, *_dealloc} -> ${POOL} -> ${WAIT}`, confidence: 'possible', notes: NOTES },
    { find: '!c:#eval -> c:*::~*! -> c:pthread_cond_destroy$', confidence: 'possible', notes: NOTES },
    { find: `${FINALIZE} -> ${TAKE}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    {
      find: `${FINALIZE} -> ${OWN_WAITS} -> !py:#finalizer -> !c:#eval -> ${WAIT}`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    // Who asks for the GIL after the end is parked for good, by the interpreter since 3.14, by bindings before.
    { find: 'c:PyGILState_Ensure! -> c:pause$', confidence: 'possible', notes: {} },
    {
      find: 'c:{PyThread_exit_thread, pthread_exit, Unwind_ForcedUnwind}! -> c:{#lock-wait, #condition-wait, #thread-join}$',
      confidence: 'possible',
      notes: {},
    },
  ],
  needs: [
    'the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"',
    'for what is being torn down: the outer end of the stack of the main thread',
  ],
  notWhen: [
    'the interpreter waits for a Python thread that is no daemon: that is exit-waits-for-thread',
    'a daemon thread is parked by the interpreter at its end: that thread is not the cause',
    'the handler flushes data and gets on: two moments differ',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The work of the program is done; end the process. Its exit status and unflushed output are lost.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Shut the library down explicitly before the end of main, while the interpreter is whole: close pools, channels, engines and sessions, join threads, in a finally block or an atexit function of Python.',
    },
    {
      kind: 'prevent',
      step: 'Let no daemon thread be inside native code at exit: tell it to stop and join it. In C++ do not wait for threads in destructors of static objects; leak such objects on purpose.',
    },
    {
      kind: 'verify',
      step: 'Run the program to its end many times; a limit of time finds the hang.',
      command: 'for i in $(seq 100); do timeout 60 python APP || echo "run $i: $?"; done',
    },
  ],
  references: [
    {
      title: 'python/cpython#96387',
      url: 'https://github.com/python/cpython/issues/96387',
      establishes:
        'drop_gil waits for ever for a switch when the only other thread ends instead of taking the GIL; fixed in 3.12 and 3.11 (#96869)',
    },
    {
      title: 'pytorch/pytorch#39855',
      url: 'https://github.com/pytorch/pytorch/issues/39855',
      establishes:
        'the destructor of a static engine waits at exit for a device thread that does not signal; #53170 (2021) gave the wait a limit, TORCH_AUTOGRAD_SHUTDOWN_WAIT_LIMIT',
    },
    {
      title: 'python/cpython#105805',
      url: 'https://github.com/python/cpython/pull/105805',
      establishes:
        'threads that ask for the GIL during finalization were ended up to 3.13, and hang for good since 3.14; whoever waits for one of them waits in vain',
    },
  ],
});
