import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { type GilFacts, readGil } from '../../analysis/gil.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import type { WaitKind } from '../../model/wait.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'gil-held-in-blocking-call',
  cause: 'other',
  library: undefined,
  title: 'a native call sleeps or waits for input with the GIL held',
  summary:
    'A thread called native code that waits for the outside world (a device, a file, a timer) and did not give the GIL up. As long as it waits, no other Python thread runs: the whole program stands still with it.',
  explanation:
    'The interpreter releases the GIL around its own blocking calls; an extension has to do so itself. One that forgets, or a function that was loaded by ctypes.PyDLL, works as long as its call is short. When the device is silent or the other side is slow, every thread of the process stops, timers and heartbeats included.',
  general: true,
  signatures: [],
  match,
  needs: [
    'the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"',
    'who holds the GIL: py-spy dump --json --pid PID',
  ],
  notWhen: [
    'no other thread waits for the GIL: then the call released it',
    'the holder waits for a lock or a thread: that may be a deadlock, gil-held-in-native-wait or gil-and-lock-cycle',
    'the holder computes',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See what the call waits for, and let it come: unplug or wake the device, end the other side. The program then goes on.',
      command: 'ls -l /proc/PID/fd',
    },
    {
      kind: 'fix',
      step: 'Release the GIL around the call: Py_BEGIN_ALLOW_THREADS, "with nogil" in Cython, py::call_guard<py::gil_scoped_release>(), ctypes.CDLL instead of PyDLL.',
    },
    {
      kind: 'prevent',
      step: 'Give the native call a timeout, or run it in a process of its own where the extension cannot be changed.',
    },
    {
      kind: 'verify',
      step: 'While the call waits, a second thread that prints every second keeps printing.',
    },
  ],
  references: [
    {
      title: 'python/cpython#76367',
      url: 'https://github.com/python/cpython/issues/76367',
      establishes:
        'open() called fstat() with the GIL held, so that an NFS server out of reach stopped all threads; fixed in 3.7',
    },
    {
      title: 'Python C API: releasing the GIL from extension code',
      url: 'https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code',
      establishes: 'extension code that blocks must release the GIL itself, else no other Python thread runs',
    },
    {
      title: 'Python library: ctypes.PyDLL',
      url: 'https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL',
      establishes: 'functions of a PyDLL are called with the GIL held',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const gil = readGil(ofProcess);
    const { holder, waiters } = gil;
    if (holder === undefined || waiters.length === 0 || !waitsOutside(holder)) continue;
    yield {
      confidence: confidenceOf(holder, gil),
      threads: [
        witness(holder, `holds the GIL (${gil.why}) and ${holder.thread.wait?.says ?? 'waits'}`),
        ...waiters.map((thread) => witness(thread, 'waiting for the GIL')),
      ],
    };
  }
}

const OUTSIDE: ReadonlySet<WaitKind> = new Set<WaitKind>([
  'poll',
  'read',
  'write',
  'connect',
  'accept',
  'sleep',
  'file-lock',
  'dns',
  'child',
]);

function waitsOutside({ thread }: ThreadFacts): boolean {
  return thread.wait !== undefined && thread.idleAs === undefined && OUTSIDE.has(thread.wait.kind);
}

/** Short calls of this kind are a matter of milliseconds, so that one moment rarely shows them. */
function confidenceOf({ thread }: ThreadFacts, { inferred }: GilFacts): Confidence {
  if (thread.progress === 'stuck') return 'likely';
  return !inferred && thread.wait?.timeout === 'none' ? 'likely' : 'possible';
}
