import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const STOPS = 'c:{stop_the_world, _PyEval_StopTheWorld*}!';
const GUARD = 'c:__cxa_guard_acquire!';

export default defineRule({
  id: 'world-stopped-under-lock',
  cause: 'lock-order-inversion',
  library: 'free-threaded Python',
  title: 'a lock and the pause of all threads wait for each other in free-threaded Python',
  summary:
    'Free-threaded Python stops all threads for some operations. One thread waits to be let on while it owns a lock, or waits for a lock of C without letting itself be stopped; the other needs that lock, or the pause, to go on.',
  explanation:
    'Without the GIL the collector, type changes and code replacement stop the world: every attached thread has to reach a safe point. A thread that waits for a C++ lock, or for the guard of a function-local static, without detaching never reaches one. A thread that takes a PyMutex while it has stopped the world may find it owned by a thread that it stopped.',
  signatures: [
    {
      find: `${STOPS} -> c:{#lock-wait, #semaphore-wait, #condition-wait, #futex}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [STOPS]: 'stops all other threads' },
    },
    {
      find: `${GUARD} -> c:{#futex, #lock-wait, #condition-wait, *FutexWait*}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [GUARD]: 'waits for another thread to initialise a static variable' },
    },
    {
      find: 'c:{_PyCriticalSection_BeginSlow, _PyCriticalSection2_BeginSlow}! -> c:#semaphore-wait$',
      confidence: 'possible',
      stuck: 'likely',
    },
  ],
  match,
  needs: ['C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"'],
  notWhen: [
    'the interpreter ends: daemon threads are stopped for good then',
    'a collection runs: it stops the world for some milliseconds, so two moments differ',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'No thread can be freed. Keep the dumps of all threads, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'In C and C++: detach (Py_BEGIN_ALLOW_THREADS) before waiting for a lock of your own; call no Python while a function-local static is initialised or a mutex is held.',
    },
    { kind: 'prevent', step: 'Until the library is fixed, run with the GIL.', command: 'PYTHON_GIL=1 python APP' },
    {
      kind: 'verify',
      step: 'The hang is gone in the build with the GIL, or with the newer release.',
      command: 'python -VV',
    },
  ],
  references: [
    {
      title: 'python/cpython#133130',
      url: 'https://github.com/python/cpython/issues/133130',
      establishes:
        'a mutex was taken while the world was stopped, and had been handed to a thread that was among the stopped',
    },
    {
      title: 'python/cpython#144524',
      url: 'https://github.com/python/cpython/pull/144524',
      establishes:
        'critical sections take no lock any more while the world is stopped: 3.15, and 3.14 by #145570 (March 2026)',
    },
    {
      title: 'jax-ml/jax#28385',
      url: 'https://github.com/jax-ml/jax/issues/28385',
      establishes:
        'a function-local static is initialised under its guard while its initialiser calls Python; fixed by #28387 (April 2025)',
    },
  ],
});

/** A thread that was stopped, and is not let on again. At the end of the interpreter that is how threads are meant to stay. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const stopped = own.filter((thread) => thread.frames.some(isStopped) && thread.thread.progress !== 'moving');
    if (stopped.length === 0 || own.some(isEnding)) continue;
    yield {
      confidence: stopped.some(({ thread }) => thread.progress === 'stuck') ? 'likely' : 'possible',
      threads: stopped.map((thread) =>
        witness(thread, 'is stopped, and waits to be let on', [{ find: isStopped, note: 'waits to be let on' }]),
      ),
    };
  }
}

function isStopped({ canonical }: KnownFrame): boolean {
  return canonical === 'tstate_wait_attach';
}

function isEnding({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ categories, canonical }) => categories.has('interpreter-exit') || /^Py_Finalize/.test(canonical),
  );
}
