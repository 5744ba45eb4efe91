import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

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
  signatures: [],
  match,
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
      step: 'Where memory may be overwritten, run under a checker: it stops when damaged memory is freed. Since glibc 2.34 it has to be loaded.',
      command: 'LD_PRELOAD=libc_malloc_debug.so.0 MALLOC_CHECK_=3 PYTHONMALLOC=malloc python APP',
    },
  ],
  references: [
    {
      title: 'sagemath/sage#40988',
      url: 'https://github.com/sagemath/sage/issues/40988',
      establishes: 'a process waits for ever in malloc for a lock that an interrupted call left locked',
    },
    {
      title: 'sagemath/cysignals#194',
      url: 'https://github.com/sagemath/cysignals/issues/194',
      establishes: 'leaving a signal handler by longjmp out of free() leaves the lock of the allocator taken',
    },
    {
      title: 'signal-safety(7)',
      url: 'https://man7.org/linux/man-pages/man7/signal-safety.7.html',
      establishes: 'malloc and free must not be called in signal handlers',
    },
  ],
});

/** A lock of the allocator is wanted, while nobody is inside of it who could let it go. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const waiting = ofProcess.filter((thread) => lockInside(thread) !== undefined);
    const known = new Set(waiting);
    if (waiting.length === 0 || ofProcess.some((thread) => !known.has(thread) && isInside(thread))) continue;
    yield {
      confidence: confidenceOf(waiting, ofProcess.length > 1),
      threads: waiting.map((thread) =>
        witness(thread, 'waits for a lock of the allocator', [
          { find: isAllocator, note: 'the allocator of memory' },
          { find: isLock, note: 'waits for a lock inside of it' },
        ]),
      ),
    };
  }
}

/**
 * Locks of the C library's own allocator are held for less than any other's; but threads crowd there, and an excerpt shows
 * nothing of the others.
 */
function confidenceOf(waiting: readonly ThreadFacts[], showsOthers: boolean): Confidence {
  if (waiting.some(({ thread }) => thread.progress === 'moving')) return 'possible';
  const sure = waiting.some(
    (one) => one.thread.progress === 'stuck' || (showsOthers && !one.cut && isPrivate(lockInside(one))),
  );
  return sure ? 'likely' : 'possible';
}

/** The lock that a thread waits for not far inside malloc() or free(). */
function lockInside({ frames }: ThreadFacts): KnownFrame | undefined {
  const at = frames.findIndex(isLock);
  return at >= 0 && at < NEAR && frames.slice(at, at + NEAR).some(isAllocator) ? frames[at] : undefined;
}

const NEAR = 5;

function isLock(frame: KnownFrame): boolean {
  return isPrivate(frame) || frame.categories.has('lock-wait') || frame.categories.has('spin');
}

function isPrivate(frame: KnownFrame | undefined): boolean {
  return frame?.canonical === 'lll_lock_wait_private' || frame?.canonical.startsWith('L_lock_') === true;
}

function isInside({ frames }: ThreadFacts): boolean {
  return frames.slice(0, NEAR).some(isAllocator);
}

function isAllocator({ categories, frame }: KnownFrame): boolean {
  return categories.has('allocator') || ALLOCATORS.test(frame.module ?? '');
}

/** Allocators that are libraries of their own, whose functions mostly have no names. */
const ALLOCATORS = /(?:^|\/)lib(?:jemalloc|tcmalloc|mimalloc|hoard)[\w.-]*\.so/;
