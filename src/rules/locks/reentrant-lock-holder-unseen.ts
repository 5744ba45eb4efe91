import type { Facts } from '../../analysis/facts.ts';
import { lockSight, lockTaker } from '../../analysis/lock-sight.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { isAtLogLock, isReentrant, loneThreads } from '../_shared/lone-waiter.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'reentrant-lock-holder-unseen',
  cause: 'lock-order-inversion',
  library: undefined,
  title: 'a thread waits for an RLock, which another thread holds that is not shown',
  summary:
    'Only this thread is shown, and it waits for a lock that lets its own holder in again. So another thread holds it and does not give it back: most often since it waits, in turn, for a lock that this thread has taken further out.',
  explanation:
    'An RLock cannot be waited for by its holder. Who waits for one for ever waits for another thread that is stuck itself. In code with several locks that call each other back, two threads take them in opposite orders now and then.',
  general: true,
  signatures: [],
  match,
  needs: ['all threads of the process: py-spy dump --pid PID'],
  notWhen: [
    'the other threads are shown: then they tell who holds the lock',
    'it is the lock of a log handler: after a fork nobody may be left who holds it',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Dump all threads, and look for one that is in the same code and waits.',
      command: 'py-spy dump --pid PID',
    },
    {
      kind: 'fix',
      step: 'Take the locks in one order everywhere; call callbacks and errbacks after the lock is given back.',
    },
    { kind: 'prevent', step: 'Guard what belongs together with one lock instead of one for each object.' },
    { kind: 'verify', step: 'Run both code paths against each other many times.', command: 'py-spy dump --pid PID' },
  ],
  references: [
    {
      title: 'Python library: threading, RLock objects',
      url: 'https://docs.python.org/3/library/threading.html#rlock-objects',
      establishes: 'a thread that owns an RLock may acquire it again without blocking',
    },
    {
      title: 'dpkp/kafka-python#1985',
      url: 'https://github.com/dpkp/kafka-python/issues/1985',
      establishes: 'the lock of the client and that of the coordinator, both reentrant, taken in opposite orders',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const only of loneThreads(threads)) {
    if (lockSight(only) !== 'seen' || !isReentrant(only) || isAtLogLock(only)) continue;
    const taker = only.frames[lockTaker(only.frames) ?? -1];
    yield {
      confidence: 'possible',
      threads: [
        witness(only, only.thread.wait?.says ?? 'waits for a lock', [
          { find: (frame: KnownFrame) => frame === taker, note: 'wants the lock' },
        ]),
      ],
      unseen: [{ what: 'the thread that holds the lock', command: 'py-spy dump --pid PID' }],
    };
  }
}
