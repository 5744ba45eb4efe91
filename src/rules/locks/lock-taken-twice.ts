import { cyclesOf } from '../../analysis/cycle-facts.ts';
import type { Facts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-taken-twice',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a thread waits for a lock that it holds itself',
  summary:
    'The thread wants a lock, and no other thread is left that could hold it. It took the lock further out on its own stack and came back to it by a callback, a listener, a handler or a recursion.',
  explanation:
    'A plain threading.Lock, and a default mutex of C, cannot be taken twice, not even by the thread that holds it. Code that calls out while holding a lock may be called back by what it called. Which calls come back often depends on data or timing, so that it hangs only sometimes.',
  signatures: [],
  match,
  needs: [
    'that it waits for a lock: py-spy dump --native --pid PID, or gdb -p PID -batch -ex "thread apply all bt"',
    'all threads of the process',
  ],
  notWhen: [
    'another thread of the program runs, joins it, or waits elsewhere: that one may hold the lock',
    'the process was forked: then the holder may have stayed in the parent',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Nothing outside the thread can release the lock. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Call listeners, callbacks and user code after the lock is given back: copy what they need under the lock, call without it.',
    },
    {
      kind: 'prevent',
      step: 'Split public methods that take the lock from private ones that expect it held. An RLock makes the hang go away, but lets the inner call see half-changed state.',
    },
    { kind: 'verify', step: 'A test that calls the outer function with a callback that calls back in returns.' },
  ],
  references: [
    {
      title: 'Python library: threading, lock objects',
      url: 'https://docs.python.org/3/library/threading.html#lock-objects',
      establishes: 'a Lock is not reentrant; an RLock is',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  for (const { threads, edges } of cyclesOf(facts)) {
    const [only] = threads;
    if (only === undefined || threads.length !== 1 || !edges.some(({ kind }) => kind === 'wants')) continue;
    yield {
      confidence: 'likely',
      threads: [witness(only, only.thread.wait?.says ?? 'waits for a lock')],
      unseen: [
        { what: 'that it holds the lock itself is concluded: no other thread is left that could', command: undefined },
      ],
    };
  }
}
