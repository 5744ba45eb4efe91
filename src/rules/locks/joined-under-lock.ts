import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isOwnCode, lockSight, lockTaker, RESTS } from '../../analysis/lock-sight.ts';
import { findStandstill } from '../../analysis/standstill.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isStandardLibrary } from '../../frames/user-code.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'joined-under-lock',
  cause: 'lock-order-inversion',
  library: undefined,
  title: 'a thread is joined by code that may hold the lock it wants',
  summary:
    'One thread waits for another to end, out of code that both of them use; the other stands at a lock, or at a line where one may be taken. If the first holds that lock, the other can never end.',
  explanation:
    'Methods such as stop() and close() often take the lock of their object, set a flag and join the worker. The worker takes the same lock in its loop or its callback. When it comes to the lock after stop() has taken it, each waits for the other; when it looks at the flag first, all goes well.',
  signatures: [],
  match,
  needs: [
    'the locks: gdb -p PID -batch -ex "thread apply all bt", or pystack remote PID, which prints the source lines',
    'which thread is joined: py-spy dump --locals --pid PID',
  ],
  notWhen: [
    'the joined thread is at work, or waits for something outside: then it just takes its time',
    'the two threads share no code',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See whether the other thread waits for a lock at all, and keep the dump.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Set the flag under the lock, release it, and join after that; never join while holding a lock.',
    },
    { kind: 'prevent', step: 'Join with a timeout, and say in the log which thread does not end.' },
    { kind: 'verify', step: 'Calling stop() many times while the worker is busy returns each time.' },
  ],
  references: [
    {
      title: 'Textualize/rich#928',
      url: 'https://github.com/Textualize/rich/pull/928',
      establishes:
        'Live.stop() joined the refresh thread while it held the lock that this thread takes; mended by #930',
    },
    {
      title: 'Python library: threading.Thread.join',
      url: 'https://docs.python.org/3/library/threading.html#threading.Thread.join',
      establishes: 'join() blocks until the other thread has ended, for ever without a timeout',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    yield* matchInC(own);
    const joiners = own.filter(joinsInTheMidst);
    if (joiners.length === 0 || own.some((thread) => isAtWork(thread) || thread.thread.gil === 'holds')) continue;
    for (const wanter of own) {
      if (joiners.includes(wanter) || !mayWantLock(wanter)) continue;
      const files = filesOf(wanter);
      const joiner = joiners.find((thread) => [...filesOf(thread)].some((file) => files.has(file)));
      if (joiner === undefined) continue;
      const taker = wanter.frames[lockTaker(wanter.frames) ?? -1];
      yield {
        confidence: 'possible',
        threads: [
          witness(joiner, joiner.thread.wait?.says ?? 'waits for a thread to end'),
          witness(wanter, wanter.thread.wait?.says ?? 'stands at a line where a lock may be taken', [
            { find: (frame: KnownFrame) => frame === taker, note: 'may want a lock here' },
          ]),
        ],
        unseen: [{ what: 'that the first thread holds the lock is concluded from the code they share', command: GDB }],
      };
      break;
    }
  }
}

/** Where gdb shows no Python, a join looks like other waits without a time; nobody else is left to hold the lock. */
function* matchInC(own: readonly ThreadFacts[]): Iterable<Match> {
  const still = findStandstill(own);
  const [wanted, another] = still?.groups.flat() ?? [];
  const [waiter, other] = still?.waiting ?? [];
  if (wanted?.kind !== 'python' || another !== undefined || waiter === undefined || other !== undefined) return;
  if (waiter.thread.view.python || wanted.thread.thread.view.python) return;
  yield {
    confidence: 'possible',
    threads: [
      witness(waiter, waiter.thread.wait?.says ?? 'waits for a thread to end'),
      witness(wanted.thread, wanted.thread.thread.wait?.says ?? 'waits for a lock'),
    ],
    unseen: [{ what: 'that the first thread holds the lock is concluded: no other could', command: undefined }],
  };
}

const GDB = "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt";

/** Waits for a thread to end in a method that does more than that: the main program joins its workers with empty hands. */
function joinsInTheMidst({ thread, frames }: ThreadFacts): boolean {
  const { wait, progress } = thread;
  if (wait?.kind !== 'join' || wait.timeout === 'some' || progress === 'moving') return false;
  const caller = frames.find((frame) => isOwnCode(frame) && !frame.categories.has('thread-join'));
  return (
    caller !== undefined &&
    !/^(?:main|_?run|<module>|wait|join|_bootstrap\w*|_python_exit|_shutdown)$/.test(caller.plain)
  );
}

/** At a lock that is seen; or at rest on a plain line, in a function that was called by code of the program. */
function mayWantLock(facts: ThreadFacts): boolean {
  const sight = lockSight(facts);
  const index = lockTaker(facts.frames);
  const taker = facts.frames[index ?? -1];
  if (sight === undefined || index === undefined || taker === undefined) return false;
  if (sight === 'seen') return true;
  const isCalled = facts.frames.slice(index + 1).some(isProgram);
  return isCalled && !RESTS.test(taker.plain);
}

function filesOf({ frames }: ThreadFacts): ReadonlySet<string> {
  return new Set(frames.filter(isProgram).map(({ frame }) => frame.file ?? ''));
}

/** Code of the program or of a package: the standard library is shared by all. */
function isProgram(known: KnownFrame): boolean {
  return isOwnCode(known) && known.plain !== '<module>' && !isStandardLibrary(known.frame);
}
