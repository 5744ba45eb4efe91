import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isImporting, waitsForImport } from '../../analysis/imports.ts';
import { innermostPython, lockSight } from '../../analysis/lock-sight.ts';
import { pythonVersion } from '../../analysis/python-version.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const BOOTSTRAP = '*importlib._bootstrap*';

const IMPORTS = 'c:{import_ensure_initialized, import_find_and_load}!';
/** Ways from the import system into code of a module. */
const RUNS_MODULE =
  '!c:{builtin_exec, builtin_exec_impl, PyEval_EvalCode, imp_create_dynamic, imp_create_dynamic_impl, imp_exec_dynamic, imp_exec_dynamic_impl, exec_builtin_or_dynamic, dlopen}';
const MODULE_LOCK = 'c:{lock_PyThread_acquire_lock, thread_lock_acquire*, rlock_acquire, PyThread_acquire_lock_timed}!';

export default defineRule({
  id: 'import-waits-for-import',
  cause: 'import-lock',
  library: undefined,
  title: 'an import waits for a module whose import waits for it',
  summary:
    'A thread wants to import a module that another thread is importing. That other thread, inside the import, waits for the first: by joining it, by asking for its result, or for a module that the first is importing.',
  explanation:
    'Each module has a lock while it is imported. Code at the top level of a module runs under that lock. If it starts a thread and waits for it, and the thread imports the same module (or anything that does), both wait. Imports inside functions make it depend on who comes first.',
  signatures: [
    {
      find: `py:has_deadlock@${BOOTSTRAP}$`,
      confidence: 'likely',
      notes: { [`py:has_deadlock@${BOOTSTRAP}$`]: 'walks in circles through the chain of import locks' },
    },
    { find: `py:{acquire, _lock_unlock_module, __enter__}@${BOOTSTRAP}$`, confidence: 'possible', stuck: 'likely' },
    // Of importlib the debugger shows no names; but a lock that is taken before any code of a module runs is the module's.
    {
      find: `${IMPORTS} -> ${RUNS_MODULE} -> !c:#finalizer -> !c:#gc -> ${MODULE_LOCK} -> c:{#lock-wait, #semaphore-wait, #futex}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [IMPORTS]: 'imports a module', [MODULE_LOCK]: "wants the module's lock" },
    },
    // Python 2 has one lock for all imports.
    {
      find: 'c:{_PyImport_AcquireLock, imp_acquire_lock}! -> c:{#lock-wait, #semaphore-wait}$',
      confidence: 'possible',
      stuck: 'likely',
      notes: { 'c:{_PyImport_AcquireLock, imp_acquire_lock}!': "wants Python 2's one lock for all imports" },
    },
    // Before 2.6 the import took that lock in line.
    { find: 'c:PyImport_ImportModuleLevel => c:PyThread_acquire_lock!', confidence: 'possible', stuck: 'likely' },
    // The import waits, in code of the module, for a thread or a job that has to import, too.
    {
      find: `py:_call_with_frames_removed@${BOOTSTRAP} => py:<module> => py:join@threading.py -> py:#thread-join$`,
      confidence: 'possible',
    },
    {
      find: `py:_call_with_frames_removed@${BOOTSTRAP} => py:<module> => py:result@concurrent/futures/_base.py`,
      confidence: 'possible',
    },
  ],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: ['the thread that imports is at work: a slow import is no deadlock'],
  remediation: [
    { kind: 'now', step: 'Neither thread can be freed. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Start no threads, and wait for none, at the top level of a module: move that into a function that is called after the import.',
    },
    {
      kind: 'prevent',
      step: 'Import at the top of modules, not inside functions that threads run; import what threads need before they are started.',
    },
    { kind: 'verify', step: 'The import alone comes to an end.', command: "python -X importtime -c 'import MODULE'" },
  ],
  references: [
    {
      title: 'python/cpython#125037',
      url: 'https://github.com/python/cpython/issues/125037',
      establishes:
        'a module starts a thread and joins it, and the thread imports that module: meant to be so, and not detected',
    },
    {
      title: 'python/cpython#83065',
      url: 'https://github.com/python/cpython/issues/83065',
      establishes:
        'imports of a package and its submodule in two threads lock each other out, which raises an error; one order of locks (#137196, 2025) avoids that',
    },
    {
      title: 'Python 3.3: per-module import locks (bpo-9260)',
      url: 'https://docs.python.org/3/whatsnew/3.3.html',
      establishes: 'each module has a lock of its own while it is imported',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    yield* matchPython2(ofProcess);
    const waiting = ofProcess.filter((thread) => waitsForImport(thread) && thread.thread.progress !== 'moving');
    const importing = ofProcess.filter(
      (thread) => !waiting.includes(thread) && isImporting(thread) && thread.thread.activity !== 'active',
    );
    if (waiting.length === 0 || (importing.length === 0 && waiting.length < 2)) continue;
    yield {
      confidence: 'likely',
      threads: [
        ...waiting.map((thread) => witness(thread, 'waits for a module that another thread imports')),
        ...importing.map((thread) => witness(thread, 'imports, and waits inside the import')),
      ],
    };
  }
}

/**
 * Python 2 imports in C, under one lock for all modules: a thread runs the code of a module that other code imports, and
 * waits there for one that stands at a line of its own, which may be an import.
 */
function* matchPython2(threads: readonly ThreadFacts[]): Iterable<Match> {
  if (threads.length < 2 || !threads.some((thread) => (pythonVersion(thread) ?? 300) < 300)) return;
  const importing = threads.filter((thread) => importsModule(thread) && waitsForThread(thread));
  const wanting = threads.filter((thread) => !importing.includes(thread) && mayImport(thread));
  if (importing.length === 0 || wanting.length === 0) return;
  const isSeen = wanting.some(({ frames }) => frames.some(({ canonical }) => canonical === 'PyImport_AcquireLock'));
  yield {
    confidence: isSeen ? 'likely' : 'possible',
    threads: [
      ...importing.map((thread) => witness(thread, 'imports, and waits inside the import')),
      ...wanting.map((thread) => witness(thread, 'may wait for the one lock of all imports')),
    ],
  };
}

function importsModule({ frames }: ThreadFacts): boolean {
  const python = frames.filter(({ frame }) => frame.language === 'python');
  return python.slice(0, -1).some(({ plain }) => plain === '<module>');
}

function waitsForThread({ thread, frames }: ThreadFacts): boolean {
  const kind = thread.wait?.kind;
  return (
    kind === 'join' || kind === 'condition' || frames.some(({ canonical }) => canonical === 'PyImport_AcquireLock')
  );
}

function mayImport(facts: ThreadFacts): boolean {
  const { frames } = facts;
  if (frames.some(({ canonical }) => canonical === 'PyImport_AcquireLock')) return true;
  const index = innermostPython(frames);
  const isPlain = index !== undefined && frames[index]?.categories.size === 0;
  return isPlain && lockSight(facts) !== undefined;
}
