import { mayLackThreads } from '../../analysis/excerpts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { forkedProcesses, isForkFrame, isSpawned } from '../../analysis/fork.ts';
import { waitsForImport } from '../../analysis/imports.ts';
import { lockSight, lockTaker, RESTS } from '../../analysis/lock-sight.ts';
import { isShared, ownersNamed } from '../../analysis/locks.ts';
import { pythonVersion } from '../../analysis/python-version.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { computes, sharesWorkOut } from '../../frames/native-packages.ts';
import { isAt } from '../../frames/places.ts';
import { isUserCode } from '../../frames/user-code.ts';
import type { Process } from '../../model/process.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const FORK = 'py:#forked-child!';
const START = 'py:#worker-start!';

/** A child started afresh begins here; its locks are its own. */
const NOT_SPAWNED = '!py:{_main, spawn_main}@multiprocessing/spawn.py';
const LOG_LOCK = 'py:{acquire, _acquireLock, handle, __enter__}@logging/__init__.py$';
const LOG_LOCK_PY2 = 'py:{acquire, _acquireLock}@logging/__init__.py => py:acquire@threading.py$';
const LOG_WRITE = 'py:{emit, flush}@logging/__init__.py$';
const IMPORT = 'py:{acquire, __enter__, _lock_unlock_module}@*importlib._bootstrap*$';
const STREAM = 'c:{bufferedio_enter_buffered, _enter_buffered_busy}!';
const DATABASES =
  'c:{getaddrinfo, gaih_inet, gethostbyname*, gethostbyaddr*, getnameinfo, *nss_*, getpwnam_r, getpwuid_r, getgrnam_r, getgrgid_r}!';
const CLOCK = 'c:{tzset, __tz_convert, localtime_r, __tzset, setlocale, __dcigettext}!';
/** OpenSSL's own locks, which it holds for the time of a look or a change in a table. */
const OPENSSL =
  'c:{CRYPTO_THREAD_write_lock, CRYPTO_THREAD_read_lock, CRYPTO_THREAD_lock, ossl_rand_drbg_new, drbg_lock}!';
const HANDLERS =
  'c:{PyOS_AfterFork_Child, PyOS_AfterFork, run_at_forkers, __run_postfork_handlers, run_postfork_handlers}!';

const PREEXEC = 'c:{child_exec, do_fork_exec, subprocess_fork_exec}!';

const NOTES = {
  [FORK]: 'this process was forked here',
  [PREEXEC]: 'runs preexec_fn in the forked child',
  [START]: 'the work of a worker process begins here',
  [LOG_LOCK]: 'wants a lock of the logging module',
  [LOG_WRITE]: 'writes a log record, under the lock of its stream',
  [IMPORT]: 'wants the lock of a module',
  [STREAM]: 'wants the lock of a buffered stream',
  'py:_flush_std_streams@multiprocessing/util.py$': 'wants the lock of stdout or stderr',
  [OPENSSL]: "wants a lock of OpenSSL's own, which is held for moments only",
  [DATABASES]: 'the resolver and the user database have locks of their own',
};

export default defineRule({
  id: 'lock-held-over-fork',
  cause: 'fork-inherited-lock',
  library: undefined,
  title: 'a forked child waits for a lock whose holder stayed in the parent',
  summary:
    'When the process was forked, another thread held a lock. The child got the lock in its locked state, but not the thread that would release it, so it waits for ever.',
  explanation:
    'A fork copies the memory of the process and one thread, the one that forks. Locks that other threads held at that moment (of logging, of stdout, of the import system, of the resolver or the allocator, of the program) stay locked in the child. Whether one was held is a matter of timing, so that one child in many hangs.',
  signatures: [
    { find: `${NOT_SPAWNED} -> ${FORK} -> ${LOG_LOCK}`, confidence: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${FORK} -> ${LOG_LOCK_PY2}`, confidence: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${FORK} -> ${LOG_WRITE}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${FORK} -> ${IMPORT}`, confidence: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${START} -> ${LOG_LOCK}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${START} -> ${LOG_LOCK_PY2}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${START} -> ${LOG_WRITE}`, confidence: 'possible', notes: NOTES },
    { find: `${NOT_SPAWNED} -> ${START} -> ${IMPORT}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    // One lock for all of HDF5, taken in C by each call.
    { find: `${NOT_SPAWNED} -> ${FORK} -> py:*@h5py/_hl/*$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: 'py:_flush_std_streams@multiprocessing/util.py$', confidence: 'likely', notes: NOTES },
    { find: `${FORK} -> ${STREAM} -> c:{#lock-wait, #semaphore-wait}$`, confidence: 'likely', notes: NOTES },
    { find: `${STREAM} -> c:{#lock-wait, #semaphore-wait}$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `!c:<signal handler called> -> ${DATABASES} -> c:#lock-wait$`, confidence: 'likely', notes: NOTES },
    { find: `!c:<signal handler called> -> ${CLOCK} -> c:#lock-wait$`, confidence: 'possible', stuck: 'likely' },
    {
      find: `!c:<signal handler called> -> ${OPENSSL} -> c:#lock-wait$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: `${HANDLERS} -> c:{#lock-wait, #semaphore-wait}$`, confidence: 'likely' },
    // preexec_fn of subprocess, which only the child runs.
    { find: `${PREEXEC} -> c:PyObject_Call! -> c:{#lock-wait, #semaphore-wait}$`, confidence: 'likely', notes: NOTES },
    // What libraries do first in a child, or in a thread that just began: they register it.
    {
      find: 'c:{*register_thread*, *registerThread*, *RegisterThread*, *after_fork*, *afterfork*, *AfterFork*, *postfork*, *post_fork*, *atfork*, *thread_init*} -> c:{#lock-wait}$',
      confidence: 'possible',
    },
    // uWSGI forks its workers past Python, whose import lock then keeps an owner that is not there.
    { find: 'c:uwsgi*! -> c:_PyImport_AcquireLock!', confidence: 'likely' },
    {
      find: 'c:{uwsgi_python_master_fixup, uwsgi_python_post_fork, uwsgi_python_pthread_child}! -> c:{PyEval_RestoreThread, PyEval_AcquireThread, PyGILState_Ensure, take_gil}!',
      confidence: 'possible',
      stuck: 'likely',
    },
    // Until 3.8 a request to give up the GIL outlived the fork, and the child waits for somebody to take it.
    { find: 'c:PyEval_EvalFrameDefault => c:drop_gil!', confidence: 'possible' },
  ],
  match,
  needs: [
    'the stack of the child down to the fork: py-spy dump --pid CHILD',
    'parent and children in one dump: py-spy dump --subprocesses --pid PARENT',
  ],
  notWhen: [
    'a worker of a pool waits in get(): it queues for the lock around the pipe by design',
    'the child has other threads that could hold the lock',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The child cannot be freed; end it. The parent is not harmed, but waits for it if it joins.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Start children without fork: multiprocessing.set_start_method("spawn") or "forkserver" (the default since Python 3.14 on Linux).',
    },
    {
      kind: 'prevent',
      step: 'Fork before threads are started; start servers and pools first. Do without preexec_fn: Popen has start_new_session, process_group, user, group and umask. For locks of your own: os.register_at_fork(after_in_child=…) makes them anew.',
    },
    {
      kind: 'verify',
      step: 'Children show spawn_main or forkserver in their command line, and not that of the parent.',
      command: "pgrep -af 'spawn_main|forkserver'",
    },
  ],
  references: [
    {
      title: 'python/cpython#50970',
      url: 'https://github.com/python/cpython/issues/50970',
      establishes:
        'locks in the standard library, io and logging among them, are inherited locked over fork (bpo-6721)',
    },
    {
      title: 'python/cpython#80714',
      url: 'https://github.com/python/cpython/issues/80714',
      establishes:
        'logging makes the locks of its handlers anew in the child since 3.8 and 3.7.4, and no longer takes them before the fork',
    },
    {
      title: 'python/cpython#84579',
      url: 'https://github.com/python/cpython/issues/84579',
      establishes: 'the lock of a buffered file is not made anew in the child: open, with a proposal of 2025 (#128591)',
    },
    {
      title: 'Python library: multiprocessing, start methods',
      url: 'https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods',
      establishes: 'forking a process with threads is problematic; spawn is safe',
    },
    {
      title: 'python/cpython#120998',
      url: 'https://github.com/python/cpython/issues/120998',
      establishes: 'parent and child both in subprocess._execute_child: the child hangs before it runs the program',
    },
  ],
});

/** A forked child with one thread, which waits for a lock: whoever held it is not in this process. */
function* match({ threads, capture }: Facts): Iterable<Match> {
  const forked = forkedProcesses(capture.processes);
  const groups = groupByProcess(threads);
  yield* beforeProgram(groups);
  for (const [process, own] of groups) {
    for (const thread of own) {
      const sight = lockSight(thread);
      const isChild = forked.has(process) || thread.frames.some(isForkFrame);
      const stranger = ownedByStranger(thread, own);
      const alone = own.length === 1 || isLogLock(thread);
      if (sight === undefined || thread.frames.some(isShared) || isSpawned(thread)) continue;
      const marks = [{ find: isForkFrame, note: 'this process was forked here' }];
      if (stranger !== undefined) yield { confidence: 'likely', threads: [witness(thread, stranger, marks)] };
      else if (
        isChild &&
        alone &&
        (sight === 'seen' || (isLeft(thread) && mayBeHeld(thread, parentOf(process, groups))))
      )
        yield {
          confidence: sight === 'seen' ? 'likely' : 'possible',
          threads: [witness(thread, 'waits for a lock in a process that has no other thread', marks)],
        };
      else if (isForkedAlone(thread, own) && isLeftInLibrary(thread))
        yield {
          confidence: 'possible',
          threads: [witness(thread, 'rests at a plain line of a library, in a child that was forked', marks)],
        };
      else if (own.length === 1 && seesAll(thread) && !isLogLock(thread) && thread.frames.some(isRecursiveLock))
        yield {
          // A thread that has ended, or an exception from outside, may have left it as well.
          confidence: 'possible',
          threads: [witness(thread, 'waits for a recursive lock, which no thread of this process can hold')],
        };
      else if (
        own.length === 1 &&
        process.pid !== undefined &&
        (waitsForImport(thread) || (isLogLock(thread) && mayInheritLogLock(thread)))
      )
        yield {
          confidence: !thread.cut && pythonVersion(thread) !== undefined ? 'likely' : 'possible',
          threads: [witness(thread, 'waits for a lock that others gave back long ago, and nobody else is there')],
        };
    }
  }
}

/** Parent and child at the same call: the one waits until the other has become another program, and that one does not get there. */
function* beforeProgram(groups: ReadonlyMap<Process, readonly ThreadFacts[]>): Iterable<Match> {
  const starting = [...groups.values()].filter((own) => own.some(startsProgram));
  const child = starting.find((own) => own.length === 1);
  const [thread] = child ?? [];
  if (thread === undefined || starting.length < 2) return;
  yield { confidence: 'possible', threads: [witness(thread, 'was forked, and has not become another program')] };
}

function startsProgram({ frames, thread }: ThreadFacts): boolean {
  const python = frames.find(({ frame }) => frame.language === 'python');
  return python?.plain === '_execute_child' && isAt(python.frame, 'subprocess.py') && thread.activity !== 'active';
}

/** Since 3.8, and since 3.7.1, the logging module makes its locks anew in a child. */
function mayInheritLogLock(facts: ThreadFacts): boolean {
  const version = pythonVersion(facts);
  return facts.thread.view.python && (version === undefined || version < 308);
}

/** A mutex of C names its owner: a thread that this process does not have has ended, or stayed in the parent. */
function ownedByStranger(facts: ThreadFacts, own: readonly ThreadFacts[]): string | undefined {
  const { wait, view } = facts.thread;
  const index = wait?.kind === 'lock' ? wait.frames.at(-1) : undefined;
  if (index === undefined || !view.everyThread) return undefined;
  const owner = ownersNamed({ ...facts, frames: facts.frames.slice(0, index + 1) })[0]?.nativeId;
  if (owner === undefined || owner === 0 || own.some(({ thread }) => thread.nativeId === owner)) return undefined;
  return `the lock belongs to thread ${owner}, which this process does not have`;
}

/** Where the wait is not seen: the thread rests at a plain line of the program, not in a call that rests by design. */
function isLeft({ thread, frames }: ThreadFacts): boolean {
  const taker = lockTaker(frames);
  const plain = frames[taker ?? -1]?.plain ?? '';
  return (
    thread.activity === 'idle' && thread.userFrame !== undefined && thread.userFrame === taker && !RESTS.test(plain)
  );
}

function isForkedAlone({ frames }: ThreadFacts, own: readonly ThreadFacts[]): boolean {
  return own.length === 1 && frames.some(isForkFrame);
}

/** A library seldom rests at a plain line of its own but at a lock, and its own locks are what a fork leaves behind. */
function isLeftInLibrary({ thread, frames }: ThreadFacts): boolean {
  const [innermost] = frames;
  if (thread.activity !== 'idle' || thread.view.native || innermost === undefined) return false;
  const { frame, plain, categories } = innermost;
  if (isUserCode(frame) || RESTS.test(plain) || WAITS.some((one) => categories.has(one))) return false;
  return lockTaker(frames) === 0 && !sharesWorkOut(frame) && !computes(frame);
}

const WAITS = ['read', 'write', 'poll', 'connect', 'accept', 'child-wait', 'client-request', 'client-read'] as const;

function seesAll({ thread, process, cut }: ThreadFacts): boolean {
  return thread.view.everyThread && thread.view.native && !cut && !mayLackThreads(process);
}

/** Its owner may take it again, so that nobody waits for his own; h5py and others bring such a lock along. */
function isRecursiveLock({ bare, frame }: KnownFrame): boolean {
  return frame.language === 'native' && /rlock_acquire|RLock_acquire|FastRLock/.test(bare);
}

/** A line that calls into C rests just so. That a thread of the parent is in the same file speaks for a lock of that code. */
function mayBeHeld({ thread, frames }: ThreadFacts, parent: readonly ThreadFacts[]): boolean {
  // Of a child alone nobody asks unless it hangs.
  if (thread.progress === 'stuck' || parent.length === 0) return true;
  const file = frames[lockTaker(frames) ?? -1]?.frame.file;
  return parent.some((other) => other.frames[lockTaker(other.frames) ?? -1]?.frame.file === file && !isMain(other));
}

function isMain({ frames }: ThreadFacts): boolean {
  return frames.at(-1)?.plain === '<module>';
}

function parentOf(
  { parentPid }: Process,
  groups: ReadonlyMap<Process, readonly ThreadFacts[]>,
): readonly ThreadFacts[] {
  if (parentPid === undefined) return [];
  for (const [process, own] of groups) if (process.pid === parentPid) return own;
  return [];
}

function isLogLock({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame, plain }) => /^_?acquire(?:Lock)?$/.test(plain) && isAt(frame, 'logging/__init__.py'));
}
