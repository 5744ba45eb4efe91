import { defineRule } from '../rule.ts';

const ALLOCATOR = 'c:#allocator!';
const PRIVATE = 'c:{lll_lock_wait_private, L_lock_*}$';

const NOTES = {
  [ALLOCATOR]: 'the allocator of memory',
  [PRIVATE]: 'waits for a lock inside the C library',
  'c:#lock-wait$': 'waits for a lock inside the allocator',
};

export default defineRule({
  id: 'allocator-lock-wanted',
  cause: 'allocator-lock',
  library: undefined,
  title: 'malloc or free waits for a lock inside the allocator',
  summary:
    'The thread asks for memory, or gives it back, and waits for a lock of the allocator. These locks are held for less than a microsecond; one that stays locked was left locked, or the memory that holds it is overwritten.',
  explanation:
    'Allocating is not safe in signal handlers: a handler that interrupts malloc and allocates waits for the lock of the code below it. The same is left behind when code jumps out of malloc by longjmp or a C++ exception from a handler (as computer algebra systems do on Ctrl-C), when a thread is killed inside it, or when a fork in another thread copies the lock in its locked state. Overwritten heap memory can do it, too. It needs an interruption at just that instant, so that it is rare.',
  general: true,
  signatures: [
    { find: `${ALLOCATOR} -> ${PRIVATE}`, confidence: 'likely', notes: NOTES },
    { find: `${ALLOCATOR} -> c:#lock-wait$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${ALLOCATOR} -> c:#spin$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
  ],
  needs: ['the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"'],
  notWhen: [
    'many threads allocate at once: then two moments differ',
    'a hook of the allocator, a profiler or a sanitizer, has a lock of its own: the frame outside of the wait names it',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The lock cannot be released. Keep a core file, then end the process.',
      command: 'gcore PID; kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Look for a signal handler on the stack, below or above. Signal handlers in C may only set a flag or write to a pipe: do the rest in ordinary code. Do not leave handlers by longjmp.',
    },
    {
      kind: 'prevent',
      step: 'Fork before threads start (or use spawn), send no asynchronous exceptions into native code, and let profilers that sample by signals use only functions that are safe in handlers.',
    },
    {
      kind: 'verify',
      step: 'Where memory may be overwritten, run under a checker: it stops at the first wrong write.',
      command: 'MALLOC_CHECK_=3 python APP',
    },
  ],
  references: [
    {
      title: 'sagemath/sage#40988',
      url: 'https://github.com/sagemath/sage/issues/40988',
      establishes: 'a process waits for ever in malloc for a lock that an interrupted call left locked',
    },
    {
      title: 'signal-safety(7)',
      url: 'https://man7.org/linux/man-pages/man7/signal-safety.7.html',
      establishes: 'malloc and free must not be called in signal handlers',
    },
  ],
});
