import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { lockSight, lockTaker } from '../../analysis/lock-sight.ts';
import { acquiredLock, wantedLock } from '../../analysis/locks.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { isReentrant, loneThreads } from '../_shared/lone-waiter.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-holder-unseen',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a thread waits for a lock, perhaps one that it holds itself',
  summary:
    'Only this thread is shown, and it waits for a lock. If another thread holds it, the dump of all threads tells which; if none does, the thread took it before, or it was taken when the process was forked.',
  explanation:
    'Who waits for a lock of another thread is mostly not alone, and the holder is the one whose stack gets pasted. A single thread at a lock has mostly come back to it by a callback, a finalizer, a signal handler or a hook, or wants a lock that was held at the moment of a fork. Both need an unlucky moment.',
  general: true,
  signatures: [],
  match,
  needs: [
    'all threads of the process: py-spy dump --pid PID',
    'their C frames: gdb -p PID -batch -ex "thread apply all bt"',
  ],
  notWhen: [
    'the other threads are shown: then they tell who may hold the lock',
    'the lock is an RLock, as that of a log handler: its holder may take it again',
    'the thread was started by another one, which is not shown',
    'the wait has a timeout',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Dump all threads, and look for one that is in the same code; without one the lock was never released.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Look at the callers for a second way into the code that holds this lock: callbacks, finalizers, log handlers, signal handlers, code that runs after a fork.',
    },
    {
      kind: 'prevent',
      step: 'Call nothing foreign while holding a lock, and start processes with spawn instead of fork.',
    },
    { kind: 'verify', step: 'Another dump shows the thread elsewhere.', command: 'py-spy dump --pid PID' },
  ],
  references: [
    {
      title: 'Delgan/loguru#712',
      url: 'https://github.com/Delgan/loguru/issues/712',
      establishes: 'a finalizer logs while the handler below it on the same stack holds its lock',
    },
    {
      title: 'Python library: threading, lock objects',
      url: 'https://docs.python.org/3/library/threading.html#lock-objects',
      establishes: 'a Lock is not reentrant: who takes it twice waits for ever',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const only of loneThreads(threads)) {
    if (!waitsForLock(only)) continue;
    const taker = only.frames[lockTaker(only.frames) ?? -1];
    yield {
      confidence: 'possible',
      threads: [
        witness(only, only.thread.wait?.says ?? 'waits for a lock', [
          { find: (frame: KnownFrame) => frame === taker, note: 'wants the lock' },
        ]),
      ],
      unseen: [{ what: 'the other threads, one of which may hold the lock', command: 'py-spy dump --pid PID' }],
    };
  }
}

/** CPython's helper for gdb says "Waiting for the GIL" of every lock of Python 2. */
function waitsForLock(facts: ThreadFacts): boolean {
  const { thread, frames } = facts;
  const isOld = frames.some(({ frame }) => /python2\.\d/.test(frame.file ?? ''));
  const wanted = wantedLock(facts);
  // To gdb without Python frames, joins and events are waits for a lock, too.
  if (wanted === undefined && !thread.view.python && acquiredLock(facts) !== undefined) return false;
  // An RLock, as log handlers have, lets its holder in again; native code has locks that hang on the GIL; and where a thread
  // was started there are others.
  if (isReentrant(facts) || wanted?.kind === 'mutex' || frames.some(isElsewhere)) return false;
  return lockSight(facts) === 'seen' || (thread.gil === 'waits' && isOld && thread.idleAs === undefined);
}

function isElsewhere({ categories, plain, frame }: KnownFrame): boolean {
  return (
    categories.has('thread-entry') ||
    isAt(frame, 'multiprocessing/synchronize.py') ||
    (plain === 'acquire' && isAt(frame, 'logging/__init__.py'))
  );
}
