import { defineRule } from '../rule.ts';

const NATIVE = 'c:<signal handler called>!';
const PYTHON = 'c:{PyErr_CheckSignals, _PyErr_CheckSignalsTstate, PyErr_CheckSignalsTstate}!';

export default defineRule({
  id: 'lock-wanted-in-signal-handler',
  cause: 'self-deadlock',
  library: undefined,
  title: 'a signal handler wants a lock that the interrupted code holds',
  summary:
    'A signal came while the thread held a lock. The handler runs on the same thread, on top of the interrupted code, and wants that lock: it can never be released, because the code below waits for the handler.',
  explanation:
    'Python runs handlers between two bytecodes of the main thread, C runs them anywhere. Logging, printing, queues, locks of the program and, in C, malloc are not safe there. It hangs only when the signal arrives inside the critical section.',
  signatures: [
    {
      find: `${NATIVE} -> c:{#lock-wait, #semaphore-wait}$`,
      confidence: 'likely',
      notes: { [NATIVE]: 'a signal interrupted the thread here' },
    },
    {
      find: `${PYTHON} -> c:{#lock-wait, #semaphore-wait}$`,
      confidence: 'likely',
      notes: { [PYTHON]: 'the interpreter runs a handler of the program' },
    },
  ],
  needs: [
    'the C frames: gdb -p PID -batch -ex "thread apply all bt"; py-spy and faulthandler do not show that a handler runs',
  ],
  notWhen: ['the handler waits for something else, or another thread holds the lock and runs'],
  remediation: [
    { kind: 'now', step: 'The thread waits for itself. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Let the handler only set a flag or write to a pipe (signal.set_wakeup_fd, loop.add_signal_handler), and do the work in ordinary code.',
    },
    { kind: 'prevent', step: 'No logging, no print, no locks in handlers.' },
    {
      kind: 'verify',
      step: 'Sending the signal in a tight loop does no harm.',
      command: 'for i in $(seq 1000); do kill -USR1 PID; done',
    },
  ],
  references: [
    {
      title: 'Python library: signal, execution of handlers',
      url: 'https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers',
      establishes: 'handlers run in the main thread between bytecodes',
    },
    {
      title: 'signal-safety(7)',
      url: 'https://man7.org/linux/man-pages/man7/signal-safety.7.html',
      establishes: 'malloc and stdio must not be called from a handler in C',
    },
  ],
});
