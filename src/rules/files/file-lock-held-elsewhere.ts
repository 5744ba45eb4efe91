import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const BATON = 'py:wait@file_baton.py!';
const POLL_NOTES = {
  'py:#file-lock-poll!$': 'tries to take the lock',
  'py:#file-lock-poll!': 'tries to take the lock',
};

export default defineRule({
  id: 'file-lock-held-elsewhere',
  cause: 'file-lock-wait',
  library: undefined,
  title: 'the process waits for a lock on a file that another process holds, or left behind',
  summary:
    'The thread waits for a file lock. Another process holds it and does not let go; or, where the lock is only a file that exists, the process that made it has died and nobody removes it.',
  explanation:
    'Locks of the kernel (flock, fcntl) go away with the process that holds them, so their holder is alive. Lock files that are merely created and removed outlive a crash: everybody who comes later waits for a process that no longer exists. Caches of compiled extensions, package managers and job systems use them.',
  signatures: [
    {
      find: 'c:#file-lock$',
      confidence: 'likely',
      notes: { 'c:#file-lock$': 'waits for the kernel to grant the lock' },
    },
    {
      find: 'py:#file-lock$',
      confidence: 'possible',
      stuck: 'likely',
      notes: { 'py:#file-lock$': 'asks the kernel for the lock' },
    },
    { find: BATON, confidence: 'likely', notes: { [BATON]: 'waits for a lock file to disappear' } },
    {
      find: 'c:{fcntl_lockf, fcntl_lockf_impl, fcntl_flock, fcntl_flock_impl}! -> c:{fcntl, fcntl64}$',
      confidence: 'likely',
      notes: { 'c:{fcntl, fcntl64}$': 'waits for the kernel to grant the lock' },
    },
    { find: 'py:#file-lock-poll!$', confidence: 'possible', stuck: 'likely', notes: POLL_NOTES },
    { find: 'py:#file-lock-poll! -> c:#sleep', confidence: 'possible', stuck: 'likely', notes: POLL_NOTES },
    // A class of the program's own: locks of threads do not have to try again and again.
    { find: 'py:{__enter__, acquire, lock, acquire_lock, get_lock}$ -> c:#sleep', confidence: 'possible' },
  ],
  match,
  needs: ['the C frames, or the name of the lock library: py-spy dump --native --pid PID'],
  notWhen: ['the holder is at work and will let go: two moments, or a look at the holder, tell'],
  remediation: [
    {
      kind: 'now',
      step: 'Find the holder of a kernel lock: BLOCKER is its process. End it, or let it finish.',
      command: 'lslocks -o COMMAND,PID,TYPE,MODE,BLOCKER,PATH -p PID; grep -e "->" /proc/locks',
    },
    {
      kind: 'now',
      step: 'If the lock is a file that a dead process left behind, remove that file.',
      command: "ls -l /proc/PID/fd; find ~/.cache -name '*lock*' -mmin +60",
    },
    { kind: 'fix', step: 'Hold file locks for as short as possible, with a timeout: FileLock(path, timeout=60).' },
    {
      kind: 'prevent',
      step: 'Use locks of the kernel, which end with their process, instead of files that only exist; give each job a cache of its own.',
    },
    { kind: 'verify', step: 'With the holder killed the waiter goes on.' },
  ],
  references: [
    {
      title: 'pytorch/pytorch#189245',
      url: 'https://github.com/pytorch/pytorch/issues/189245',
      establishes:
        'a killed build of an extension leaves its lock file behind, and every later load() waits for ever; a lock of the kernel took its place in 2026 (#190543)',
    },
    {
      title: 'flock(2)',
      url: 'https://man7.org/linux/man-pages/man2/flock.2.html',
      establishes: 'a lock is released when its last file descriptor is closed, also by the end of the process',
    },
    {
      title: 'filelock: timeouts',
      url: 'https://py-filelock.readthedocs.io/',
      establishes: 'without a timeout acquire() waits for ever',
    },
  ],
});

/** A class of the program's own, where the tool tells of which class the object is. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const one of threads) {
    if (!takesLockFile(one) || isAtWork(one) || one.thread.idleAs !== undefined) continue;
    yield {
      confidence: one.thread.progress === 'stuck' ? 'likely' : 'possible',
      threads: [witness(one, 'waits for a lock that is a file', [{ find: isTaker, note: 'tries to take the lock' }])],
    };
  }
}

function takesLockFile({ frames, thread }: ThreadFacts): boolean {
  const taker = frames.find(({ frame }) => frame.language === 'python');
  return taker !== undefined && thread.activity !== 'active' && isTaker(taker);
}

const TAKES = /^(?:__enter__|_?acquire|_?lock|acquire_lock|get_lock)$/;

/** "<LockFile at 0x7f10c0a1d0>", "<acme.locks.PidFileLock object at 0x7f10>", "<SoftFileLock(path=…) at remote 0x7f10>" */
const LOCK_FILE = /^<(?:[\w.]+\.)?(?:\w*(?:File|Path|Pid|Dir|InterProcess)_?Lock|\w*Lock_?(?:File|Dir)|Flock)\b/i;

function isTaker({ plain, frame }: KnownFrame): boolean {
  return (
    TAKES.test(plain) &&
    frame.arguments.concat(frame.locals).some(({ name, value }) => name === 'self' && LOCK_FILE.test(value))
  );
}
