import { defineRule } from '../rule.ts';

const CHECK = 'py:has_deadlock@*importlib._bootstrap*$';

export default defineRule({
  id: 'import-check-loops',
  cause: 'import-lock',
  library: undefined,
  title: 'the check for import deadlocks goes round for ever',
  summary:
    'Two threads import at the same time. Before one waits for the other, Python follows who waits for whose module lock. Here that chain is a ring which does not hold the thread that asks, and the check follows it for ever, with the GIL in use.',
  explanation:
    'The import system takes one lock a module. has_deadlock() follows from the lock to its owner and to the lock that this owner waits for, until it comes back to itself or to an end. Up to Python 3.8, and in the first releases of 3.9 and 3.10, it does not notice other rings: a third thread that asks for a module of a ring of two never comes back. It takes lazy imports in several threads at the same moment.',
  signatures: [
    {
      find: CHECK,
      confidence: 'likely',
      notes: { [CHECK]: 'normally a matter of microseconds' },
    },
  ],
  needs: ['the Python frames: py-spy dump --pid PID, or a traceback'],
  notWhen: ['the thread waits in acquire(): it waits for a module lock, the check is over'],
  remediation: [
    { kind: 'now', step: 'The ring cannot be opened. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Import at the top of a module that the main thread loads before it starts threads, not inside functions that threads call.',
    },
    {
      kind: 'prevent',
      step: 'Upgrade Python: 3.11 and later notice other rings, and so do the last releases of 3.9 and 3.10.',
    },
    { kind: 'verify', step: 'Start all threads at once on a cold interpreter, some hundred times.' },
  ],
  references: [
    {
      title: 'python/cpython#82272',
      url: 'https://github.com/python/cpython/issues/82272',
      establishes:
        'the deadlock check of module locks can itself go round for ever; fixed by #17518 in 3.11, 3.10 and 3.9, not in 3.8',
    },
    {
      title: 'python/cpython#91351',
      url: 'https://github.com/python/cpython/issues/91351',
      establishes:
        'imports that come back to themselves, from a finalizer or a signal handler, confuse the check; rewritten by #94504 in 3.12',
    },
  ],
});
