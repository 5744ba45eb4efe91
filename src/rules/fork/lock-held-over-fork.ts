import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isForkFrame } from '../../analysis/fork.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const FORK = 'py:{_launch, _bootstrap, run}@multiprocessing/!';

/** A child started afresh begins here; its locks are its own. */
const NOT_SPAWNED = '!py:{_main, spawn_main}@multiprocessing/spawn.py';
const LOGGING = 'py:{acquire, _acquireLock, handle, flush, emit}@logging/__init__.py$';

const NOTES = {
  [FORK]: 'a child process begins here',
  [LOGGING]: 'wants a lock of the logging module',
  'py:_flush_std_streams@multiprocessing/util.py$': 'wants the lock of stdout or stderr',
  'c:{getaddrinfo, gaih_inet}!': 'the resolver',
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
    { find: `${NOT_SPAWNED} -> ${FORK} -> ${LOGGING}`, confidence: 'likely', notes: NOTES },
    {
      find: `${NOT_SPAWNED} -> ${FORK} -> py:{acquire, _acquireLock}@logging/__init__.py -> py:acquire@threading.py$`,
      confidence: 'likely',
      notes: NOTES,
    },
    { find: 'py:_flush_std_streams@multiprocessing/util.py$', confidence: 'likely', notes: NOTES },
    {
      find: `${NOT_SPAWNED} -> ${FORK} -> py:{acquire, __enter__}@*importlib._bootstrap*`,
      confidence: 'likely',
      notes: NOTES,
    },
    { find: 'c:{getaddrinfo, gaih_inet}! -> c:#lock-wait$', confidence: 'likely', notes: NOTES },
    { find: 'c:{PyOS_AfterFork_Child, PyOS_AfterFork, run_postfork_handlers}! -> c:#lock-wait$', confidence: 'likely' },
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
      step: 'Fork before threads are started; start servers and pools first. For locks of your own: os.register_at_fork(after_in_child=…) makes them anew.',
    },
    {
      kind: 'verify',
      step: 'The start method is no longer fork.',
      command: "python -c 'import multiprocessing as m; print(m.get_start_method())'",
    },
  ],
  references: [
    {
      title: 'python/cpython#50970 (bpo-6721)',
      url: 'https://github.com/python/cpython/issues/50970',
      establishes: 'locks in the standard library, io and logging among them, are inherited locked over fork',
    },
    {
      title: 'Python library: multiprocessing, start methods',
      url: 'https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods',
      establishes: 'forking a process with threads is problematic; spawn is safe',
    },
  ],
});

/** A forked child with one thread, which waits for a lock: whoever held it is not in this process. */
function* match({ threads }: Facts): Iterable<Match> {
  const counts = new Map<unknown, number>();
  for (const { process } of threads) counts.set(process, (counts.get(process) ?? 0) + 1);
  for (const thread of threads) {
    const waits =
      thread.thread.wait?.kind === 'lock' &&
      thread.thread.idleAs === undefined &&
      thread.thread.wait.timeout !== 'some';
    if (!waits || counts.get(thread.process) !== 1 || !thread.frames.some(isForkFrame) || isShared(thread)) continue;
    const marks = [{ find: isForkFrame, note: 'this process was forked here' }];
    yield {
      confidence: 'likely',
      threads: [witness(thread, 'waits for a lock in a process that has no other thread', marks)],
    };
  }
}

/** Locks of multiprocessing live in shared memory: their holder may well be another process that runs. */
function isShared({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ frame, bare }) => /semlock|SemLock/.test(bare) || isAt(frame, 'multiprocessing/synchronize.py'),
  );
}
