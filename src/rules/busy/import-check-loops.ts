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
    'The import system takes one lock a module. has_deadlock() follows from the lock to its owner and to the lock that this owner waits for, until it comes back to itself or to an end. Until Python 3.12 it did not look for other rings: a third thread that asks for a module of a ring of two never comes back. It takes lazy imports in several threads at the same moment.',
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
    { kind: 'prevent', step: 'Upgrade Python: the check was rewritten for 3.12 and the fix was given to 3.11.' },
    { kind: 'verify', step: 'Start all threads at once on a cold interpreter, some hundred times.' },
  ],
  references: [
    {
      title: 'python/cpython#82272 (bpo-38091)',
      url: 'https://github.com/python/cpython/issues/82272',
      establishes: 'the deadlock check of module locks can itself go round for ever',
    },
  ],
});
