import { cyclesOf } from '../../analysis/cycle-facts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { mayHold, waitsForGil } from '../../analysis/gil.ts';
import { type HeldWait, isDestructor, readGilRequest, readHeldWait } from '../../analysis/native-waits.ts';
import { pythonVersion } from '../../analysis/python-version.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import { defineRule, type Match, type MatchedThread } from '../rule.ts';

export default defineRule({
  id: 'gil-held-in-native-wait',
  cause: 'gil-lock-inversion',
  library: undefined,
  title: 'native code called from Python waits, with the GIL held, for a thread that may need the GIL',
  summary:
    'A thread went from Python into a native library and waits there for a lock, a signal or the end of another thread. No frame shows that it gave the GIL up. If the one that it waits for needs the GIL before it can go on, neither moves again, and with the GIL every other Python thread stands still.',
  explanation:
    'A native call keeps the GIL unless the binding releases it. Waiting with the GIL held is harmless as long as the other side never touches Python. A worker of a native pool, a callback, a destructor that drops a reference to a Python object or a log sink written in Python does, but only now and then, so that it goes well most of the time. Destructors are the worst place: they run wherever the last reference goes, also where nobody thought of releasing the GIL.',
  general: true,
  signatures: [],
  match,
  needs: [
    'the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"',
    'who holds the GIL: py-spy dump --json --pid PID',
  ],
  notWhen: [
    'the binding released the GIL before the call, which leaves no frame: then other Python threads run',
    'all threads are shown and none waits for the GIL',
    'another thread runs Python code at this moment: then this one does not hold the GIL',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See whether other threads wait for the GIL (take_gil) and what they came from. Keep the dumps, then end the process.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Release the GIL around the native call that waits: Py_BEGIN_ALLOW_THREADS, py::call_guard<py::gil_scoped_release>(), "with nogil" in Cython, py.detach in pyo3 (allow_threads before 0.26). In a destructor of a Python object release it there, too.',
    },
    {
      kind: 'prevent',
      step: 'Close pools, channels and engines explicitly from ordinary Python code instead of leaving it to the last reference; keep Python objects out of native workers.',
    },
    {
      kind: 'verify',
      step: 'While the call waits, another Python thread goes on: a thread that prints every second keeps printing.',
    },
  ],
  references: [
    {
      title: 'grpc/grpc#42247',
      url: 'https://github.com/grpc/grpc/pull/42247',
      establishes:
        'closing a channel waits, with the GIL held, for threads of gRPC, one of which wants the GIL in a destructor; open in 2026, first seen as #17001 (1.15)',
    },
    {
      title: 'pola-rs/polars#24448',
      url: 'https://github.com/pola-rs/polars/issues/24448',
      establishes: 'a worker of rayon parks with the GIL held, and the others of its pool wait for the GIL',
    },
    {
      title: 'pytorch/pytorch#56297',
      url: 'https://github.com/pytorch/pytorch/issues/56297',
      establishes: 'a destructor bound by pybind11 joins its threads with the GIL held',
    },
    {
      title: 'pybind11: global interpreter lock',
      url: 'https://pybind11.readthedocs.io/en/stable/advanced/misc.html',
      establishes: 'bindings hold the GIL unless they release it explicitly',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  const { threads } = facts;
  const inCycle = new Map(
    cyclesOf(facts).flatMap((cycle) => (cycle.overGil ? cycle.threads.map((thread) => [thread, cycle] as const) : [])),
  );
  for (const ofProcess of groupByProcess(threads).values()) {
    const asking = ofProcess.filter((thread) => readGilRequest(thread) !== undefined);
    const held = ofProcess.flatMap((thread) => {
      const wait = asking.includes(thread) ? undefined : readHeldWait(thread);
      if (wait === undefined || (wait.byCtypes && asking.length === 0)) return [];
      // Of an excerpt that ends before Python something else must tell that it came from there.
      const known =
        wait.entry !== undefined ||
        (wait.endsThreads && !thread.frames.some(isPool)) ||
        thread.thread.gil === 'holds' ||
        asking.length > 0 ||
        (ofProcess.length === 1 && thread.frames[wait.wait]?.categories.has('lock-wait') === true);
      return known ? [{ thread, wait }] : [];
    });
    yield* ofProcess
      .filter(holdsIdly)
      .map((thread) => blindMatch(thread, 'holds the GIL and is idle: it waits in native code'));
    yield* askedByNativeThread(ofProcess);
    if (held.length === 0) continue;
    const waiting = asking.length > 0 || ofProcess.some(waitsForGil);
    const told = held.filter(({ thread }) => thread.thread.gil === 'holds');
    if (told.length === 0 && (ofProcess.some(runsPython) || (!waiting && showsAll(ofProcess)))) continue;
    const candidates = told.length > 0 ? told : held;
    for (const { thread, wait } of candidates) {
      const cycle = inCycle.get(thread);
      const sure = cycle !== undefined && !cycle.inferred;
      yield {
        confidence: sure ? 'certain' : asking.length > 0 && candidates.length === 1 ? 'likely' : 'possible',
        threads: [testimony(thread, wait), ...asking.map(request)],
      };
    }
  }
}

/** Pools of threads are mostly let go of at the end of the process, where nobody has the GIL. */
function isPool({ bare }: KnownFrame): boolean {
  return /~?\w*[Tt]hread_?[Pp]ool\w*::(?:~\w*[Tt]hread_?[Pp]ool\w*|[Ss]hutdown)$/.test(bare);
}

/** Python gives the GIL up before it waits. Who has it and does not run is in native code that waits. */
function holdsIdly({ thread, frames }: ThreadFacts): boolean {
  const { gil, activity, view, progress } = thread;
  // Loading a library with ctypes keeps the GIL, too: that is another matter.
  const loads = frames[0] !== undefined && isAt(frames[0].frame, 'ctypes/__init__.py');
  return gil === 'holds' && activity === 'idle' && !view.native && progress !== 'moving' && !loads;
}

/**
 * py-bt says of a thread that it waits for the GIL and shows no Python frame: it came from native code. Of the others only one
 * does not wait for it, and stands in a C function, or at a line that called one.
 */
function* askedByNativeThread(threads: readonly ThreadFacts[]): Iterable<Match> {
  const asking = threads.filter(({ thread }) => thread.gil === 'waits' && thread.frames.length === 0);
  // Elder helpers take every timed wait for one for the GIL.
  if (asking.length === 0 || threads.some((thread) => (pythonVersion(thread) ?? 308) < 308)) return;
  const others = threads.filter((one) => one.thread.frames.length > 0 && !waitsForGil(one) && !one.thread.idleAs);
  const [holder] = others;
  if (holder === undefined || others.length > 1 || !mayWaitInNative(holder)) return;
  yield blindMatch(
    holder,
    'does not wait for the GIL, as native code does: it may hold it',
    asking.map((thread) => ({ thread, note: 'native code that waits for the GIL', frames: [] })),
  );
}

function mayWaitInNative({ thread, frames: [innermost] }: ThreadFacts): boolean {
  if (innermost === undefined || thread.view.native || thread.wait !== undefined) return false;
  return innermost.frame.language === 'python' || !COMPUTES.test(innermost.bare);
}

/** Functions of Python's own library that compute, and wait for nobody. */
const COMPUTES =
  /^(?:pow|sum|sorted|sort|min|max|hash|repr|compile|exec|eval|update|digest|hexdigest|encode|decode|compress|decompress|(?:full)?match|search|subn?|split|findall|replace|join|loads|dumps)$/;

function blindMatch(thread: ThreadFacts, note: string, others: readonly MatchedThread[] = []): Match {
  const pid = thread.process.pid ?? 'PID';
  return {
    confidence: 'possible',
    threads: [{ thread, note, frames: marks(thread, [[0, 'called native code that waits']]) }, ...others],
    unseen: [
      {
        what: 'this dump has no C frames: what the native code waits for is not known',
        command: `gdb -p ${pid} -batch -ex 'thread apply all bt' > gdb.txt`,
      },
    ],
  };
}

/** Whether a thread that needs the GIL would have been seen. */
function showsAll(threads: readonly ThreadFacts[]): boolean {
  return (
    threads.length > 1 && threads.every(({ thread, cut }) => thread.view.everyThread && thread.view.interpreter && !cut)
  );
}

/** A thread in the middle of Python code, which only the holder of the GIL can be. */
function runsPython(facts: ThreadFacts): boolean {
  return (
    facts.thread.wait === undefined &&
    facts.thread.idleAs === undefined &&
    !waitsForGil(facts) &&
    mayHold(facts) &&
    facts.frames.slice(0, 1).every(({ unnamed }) => !unnamed)
  );
}

function testimony(thread: ThreadFacts, { wait, library, entry }: HeldWait): MatchedThread {
  const destructor = thread.frames.findIndex((frame, index) => index > wait && isDestructor(frame));
  return {
    thread,
    note: 'waits in native code without a sign that it gave the GIL up',
    frames: marks(thread, [
      [wait, 'the wait'],
      [library, 'native code that waits'],
      [destructor, 'a destructor: runs when the last reference goes'],
      [entry ?? -1, 'called from Python, which holds the GIL'],
    ]),
  };
}

function request(thread: ThreadFacts): MatchedThread {
  const found = readGilRequest(thread);
  return {
    thread,
    note: 'came from native code and waits for the GIL',
    frames: marks(thread, [
      [found?.asks ?? -1, 'asks for the GIL'],
      [found?.library ?? -1, 'native code that needs Python'],
    ]),
  };
}

function marks({ thread }: ThreadFacts, notes: readonly (readonly [number, string])[]): EvidenceFrame[] {
  const byIndex = new Map(notes.filter(([index]) => index >= 0));
  return [...byIndex]
    .sort(([one], [other]) => one - other)
    .flatMap(([index, note]) => {
      const frame = thread.frames[index];
      return frame === undefined ? [] : [{ index, frame, note }];
    });
}
