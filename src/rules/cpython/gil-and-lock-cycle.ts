import { cyclesOf } from '../../analysis/cycle-facts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { mayHold, waitsForGil } from '../../analysis/gil.ts';
import { isDestructor, readGilRequest } from '../../analysis/native-waits.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const THREAD_LIST =
  'c:{tstate_delete_common, PyThreadState_Delete, PyThreadState_DeleteCurrent, _PyThreadState_DeleteCurrent, _PyThreadState_DeleteExcept, PyThread_CurrentFrames, _PyThread_CurrentFrames, _PyThread_CurrentExceptions, new_threadstate, PyThreadState_SetAsyncExc, PyInterpreterState_Delete, zapthreads}!';
const NOTES = { [THREAD_LIST]: "wants the lock around the interpreter's list of threads" };

export default defineRule({
  id: 'gil-and-lock-cycle',
  cause: 'gil-lock-inversion',
  library: undefined,
  title: 'native code holds a lock and waits for the GIL, whose holder waits for that lock',
  summary:
    'One thread came from native code, holds a lock there and wants the GIL; another runs Python, holds the GIL and waits for that lock in native code. Neither can go on, and with the GIL every other Python thread stands still too.',
  explanation:
    'The GIL is a lock like any other and has its place in the order of locks. Native code that calls into Python, or only drops a reference to a Python object, takes it; code called from Python has it already. Where a mutex is taken before the GIL in one place and after it in another, the two wait for each other. Destructors and callbacks hide where the GIL is taken.',
  signatures: [
    // The interpreter's own lock around its list of threads is held for a moment, unless its holder waits for the GIL.
    {
      find: `${THREAD_LIST} -> c:{#lock-wait, #semaphore-wait}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
  ],
  match,
  needs: [
    'the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"',
    'who holds the GIL: py-spy dump --json --pid PID',
  ],
  notWhen: [
    'the holder of the GIL computes or sleeps: then the others only wait their turn',
    'a thread back from a call of its own waits for the GIL in PyEval_RestoreThread and holds no lock',
  ],
  remediation: [
    { kind: 'now', step: 'Neither thread can be freed. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Release the GIL before a mutex is taken in code called from Python: Py_BEGIN_ALLOW_THREADS, pybind11::gil_scoped_release, nogil in Cython.',
    },
    {
      kind: 'prevent',
      step: 'Never drop the last reference to a Python object, nor call back into Python, while a mutex is held: move the object out and drop it after the mutex is released.',
    },
    {
      kind: 'verify',
      step: 'No stack with both a mutex and PyGILState_Ensure or gil_scoped_acquire outside of it.',
      command: "gdb -p PID -batch -ex 'thread apply all bt'",
    },
  ],
  references: [
    {
      title: 'pytorch/pytorch#58382',
      url: 'https://github.com/pytorch/pytorch/pull/58382',
      establishes:
        'a future took the GIL under its mutex while others called it with the GIL held; mended by giving the GIL up before the call (2021)',
    },
    {
      title: 'pytorch/pytorch#56786',
      url: 'https://github.com/pytorch/pytorch/issues/56786',
      establishes:
        'a thread pool dropped a Python object under its lock, while a thread with the GIL waited for that lock; fixed by #56817 and #57029 (2021)',
    },
    {
      title: 'pybind11: double locking, deadlocking, GIL',
      url: 'https://github.com/pybind/pybind11/blob/master/docs/advanced/deadlock.md',
      establishes:
        'the guard of a static variable and the GIL are two locks, and are taken in both orders unless the GIL is released first',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  let found = false;
  for (const { threads, edges, overGil } of cyclesOf(facts)) {
    const overLock = edges.some(({ kind, to }) => kind === 'wants' && to.startsWith('lock'));
    if (!overGil || !overLock || threads.length < 2) continue;
    const holderTold = edges.some(
      ({ from, kind, inferred }) => from.startsWith('gil') && kind === 'held-by' && !inferred,
    );
    const lockRead = edges.every(({ inferred, from }) => from.startsWith('gil') || !inferred);
    found = true;
    yield {
      confidence: holderTold && lockRead ? 'certain' : 'likely',
      threads: threads.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits')),
    };
  }
  if (found) return;
  const sides = [...oneSide(facts)];
  yield* sides.length > 0 ? sides : everyoneWaits(facts);
}

/** All threads that are shown wait for the GIL: who has it is in native code, or in a thread that is not shown, and keeps it. */
function* everyoneWaits({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const shown = ofProcess.filter(({ thread }) => thread.frames.length > 0 && thread.idleAs === undefined);
    if (shown.length === 0 || !shown.every(isInGilWait)) continue;
    yield {
      confidence: 'possible',
      threads: shown.map((thread) => witness(thread, 'waits for the GIL, and nobody who is shown has it')),
    };
  }
}

/** By its frames: the tools' word for it is a guess on old Pythons. */
function isInGilWait({ thread }: ThreadFacts): boolean {
  return thread.wait?.kind === 'gil' && thread.view.interpreter && thread.progress !== 'moving';
}

/** Native code that waits for the GIL, where nothing shows who has it: what it holds meanwhile is not visible. */
function* oneSide({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    // Whoever runs Python code gives the GIL up within some milliseconds: then the others only wait their turn.
    if (ofProcess.some(mayRun)) continue;
    for (const thread of ofProcess) {
      const request = readGilRequest(thread);
      if (request === undefined) continue;
      const at = (index: number) => (frame: KnownFrame) => frame === thread.frames[index];
      yield {
        confidence: 'possible',
        threads: [
          witness(thread, 'came from native code and waits for the GIL', [
            { find: at(request.asks), note: 'asks for the GIL' },
            { find: at(request.library), note: 'native code that may hold a lock of its own' },
            { find: isDestructor, note: 'a destructor: runs wherever the last reference goes' },
          ]),
        ],
      };
    }
  }
}

function mayRun(facts: ThreadFacts): boolean {
  const { thread, frames } = facts;
  if (waitsForGil(facts) || thread.idleAs !== undefined || thread.progress === 'moving') return false;
  const computes = thread.wait === undefined || thread.wait.kind === 'sleep';
  return thread.gil === 'holds' ? computes : computes && frames.length > 0 && mayHold(facts);
}
