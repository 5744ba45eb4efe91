import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const LOADING =
  'c:{dlopen, dlopen_doit, dl_open, dl_open_worker, dl_open_worker_begin, dl_init, call_init, call_init.part.0, LdrLoadDll, LdrpCallInitRoutine, LdrpInitializeNode, LoadLibraryExW, LoadLibraryExA, DllMain, dlclose, dl_close, dl_close_worker, dyld::runInitializers, dyld4::Loader::runInitializers, ImageLoader::runInitializers, doModInitFunctions, dyld4::APIs::dlopen, FreeLibrary, LdrUnloadDll, GLOBAL__sub_I_*, static_initialization_and_destruction_0}!';
const LOADER_LOCK =
  'c:{dl_iterate_phdr, Unwind_Find_FDE, Unwind_Find_registered_FDE, cxa_thread_atexit_impl, tls_get_addr, tls_get_addr_slow, dl_fixup, dl_runtime_resolve, dl_open, dl_sym, dlsym, do_dlsym, dlclose, dladdr, dladdr1, dl_addr, LdrGetProcedureAddress, LdrGetProcedureAddressEx, LdrGetProcedureAddressForCaller, LdrGetDllHandleEx, LdrGetDllHandle, LdrAddRefDll, LdrpAcquireLoaderLock, LdrLockLoaderLock, dyld::dlsym, dyld4::APIs::dlsym, dyld4::RuntimeLocks::takeDlopenLockBeforeFork, dyld4::withLoadersReadLock}!';
const GUARD = 'c:cxa_guard_acquire!';

const CREATE = 'py:create_module@*importlib._bootstrap_external*!';
/** The line of CDLL() that calls dlopen() is the last of its constructor. */
const CTYPES = 'py:__init__@ctypes/__init__.py';
const NOTES = {
  [CREATE]: 'loads an extension module',
  [LOADING]: 'holds the lock of the dynamic loader while a library is loaded',
  [LOADER_LOCK]: 'needs the lock of the dynamic loader',
  [GUARD]: 'another thread is initialising this static variable',
  'c:#thread-join$': 'waits for a thread, which needs that lock to start or to end',
  'c:#process-exit!': 'ends the process in the middle of loading',
};

export default defineRule({
  id: 'loader-lock-held-in-wait',
  cause: 'dynamic-loader-lock',
  library: undefined,
  title: 'a shared library is being loaded and the loader or a static variable is locked',
  summary:
    'Loading a shared library runs its constructors under the lock of the dynamic loader. Code there waits for a thread, or for a lock whose holder needs the loader: to start or end a thread, to resolve a symbol, to unwind an exception, to reach thread-local storage.',
  explanation:
    'The dynamic loader has one lock for the whole process and holds it while the constructors of a library run (_dl_init and call_init on Linux, DllMain on Windows, initialisers of dyld on macOS). Threads take the same lock where nobody expects it: when they start and end, at the first use of a thread-local variable, in dl_iterate_phdr below every C++ exception and backtrace, in dlsym. Static variables of C++ have a lock of their own of the same kind. It depends on what other threads do at the moment of the import, so that it happens now and then.',
  signatures: [
    { find: `!c:#fork -> ${LOADING} -> c:#thread-join$`, confidence: 'likely', notes: NOTES },
    {
      find: `!c:#fork -> ${LOADING} -> c:#process-exit! -> c:{#condition-wait, #lock-wait, #thread-join}$`,
      confidence: 'likely',
      notes: NOTES,
    },
    { find: `!c:#fork -> ${LOADING} -> c:#condition-wait$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `!c:#fork -> ${LOADING} -> c:#lock-wait$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `!c:#fork -> ${LOADER_LOCK} -> c:#lock-wait$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `!c:#fork -> ${LOADER_LOCK} -> c:#condition-wait$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: 'c:{cxa_thread_atexit_impl, dl_iterate_phdr}$', confidence: 'possible', notes: {} },
    // The innermost Python function that there is: below it the library is loaded, and its initialisers run.
    {
      find: `${CREATE} -> py:_call_with_frames_removed$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: `${CREATE.slice(0, -1)}$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${CTYPES}$`, confidence: 'possible', stuck: 'likely', notes: { [`${CTYPES}$`]: 'loads a library' } },
    {
      find: `${GUARD} -> c:{#lock-wait, #condition-wait, #futex}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: `${GUARD.slice(0, -1)}$`, confidence: 'possible', notes: {} },
  ],
  match,
  needs: ['the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"'],
  notWhen: [
    'the module runs its own Python code: loading its library is over then',
    'the disk is slow: then the innermost frame reads or maps a file',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Neither thread can be freed. Keep the dumps of all threads, then end the process.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Import the extension early, in the main thread, before other threads are started. In the library: start, stop and join no threads in constructors, destructors of static objects or DllMain, and never call exit() there; do it in a function that is called.',
    },
    {
      kind: 'prevent',
      step: 'Do not import native modules lazily from several threads at once; preload them at the start of the program.',
    },
    {
      kind: 'verify',
      step: 'Import the module in a loop of fresh processes, with threads that throw exceptions or import as well: none hangs.',
      command: "for i in $(seq 100); do timeout 20 python -c 'import MODULE' || echo hung; done",
    },
  ],
  references: [
    {
      title: 'scikit-learn/scikit-learn#29145',
      url: 'https://github.com/scikit-learn/scikit-learn/issues/29145',
      establishes:
        'imports in several threads block each other over two locks of the dynamic loader; #29235 no longer walks the libraries at import (after 1.5.0)',
    },
    {
      title: 'Microsoft: Dynamic-Link Library Best Practices',
      url: 'https://learn.microsoft.com/en-us/windows/win32/dlls/dynamic-link-library-best-practices',
      establishes: 'waiting for a thread or a lock in DllMain deadlocks over the loader lock',
    },
  ],
});

/** Threads that wait for locks of the loader itself, as the debugger names them. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const waiters = ofProcess.filter(wantsLoaderLock);
    if (waiters.length === 0) continue;
    yield {
      confidence: new Set(waiters.map(lockOf)).size > 1 ? 'likely' : 'possible',
      threads: waiters.map((thread) => witness(thread, 'waits for a lock of the dynamic loader')),
    };
  }
}

/** "mutex=0x7f5d7bc6a968 <_rtld_global+2312>" */
const LOADERS = /<_rtld_(?:local|global)\+\d+>/;

function wantsLoaderLock(facts: ThreadFacts): boolean {
  return facts.thread.wait?.kind === 'lock' && lockOf(facts) !== undefined;
}

function lockOf({ thread, frames }: ThreadFacts): string | undefined {
  return thread.wait?.frames
    .flatMap((index) => frames[index]?.frame.arguments ?? [])
    .map(({ value }) => LOADERS.exec(value)?.[0])
    .find((name) => name !== undefined);
}
