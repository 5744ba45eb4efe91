import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { findInterruption } from '../../analysis/interruptions.ts';
import { isOwnCode, lockSight, lockTaker, RESTS } from '../../analysis/lock-sight.ts';
import { type WantedLock, wantedLock } from '../../analysis/locks.ts';
import { findReentry } from '../../analysis/reentry.ts';
import { findStandstill } from '../../analysis/standstill.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'locks-in-opposite-order',
  cause: 'lock-order-inversion',
  library: undefined,
  title: "threads rest inside the same code, perhaps at each other's locks",
  summary:
    'Several threads stand at plain lines of the same file, and nobody else of the process is at work. So stand threads that took the locks of that code in different orders.',
  explanation:
    'A dump of Python lines does not show what a line waits for. Threads that rest at lines without a call to sleep, read or poll, in methods of one class or module that call each other, mostly stand at its locks. If all of them do, none of them can give its own back.',
  general: true,
  signatures: [],
  match,
  needs: [
    'the C frames and the locks: gdb -p PID -batch -ex "thread apply all bt"',
    'the objects: py-spy dump --locals --pid PID',
  ],
  notWhen: [
    'the lines call C code that blocks (a database driver, a compression, a sleep)',
    'one of the threads is at work',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See which locks the threads wait for before anything is ended.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Take the locks in one order everywhere, or guard both with one lock; call nothing foreign while holding one.',
    },
    { kind: 'prevent', step: 'Do periodic clean-up without the lock that requests take, in a job of its own.' },
    { kind: 'verify', step: 'A second dump shows other stacks.', command: 'py-spy dump --pid PID' },
  ],
  references: [
    {
      title: 'official-stockfish/fishtest#2041',
      url: 'https://github.com/official-stockfish/fishtest/issues/2041',
      establishes:
        'a cache lock and a lock for each run taken in both orders; mended by moving the clean-up out of the lock (#2029)',
    },
    {
      title: 'eclipse-paho/paho.mqtt.python#354',
      url: 'https://github.com/eclipse-paho/paho.mqtt.python/issues/354',
      establishes: 'two locks of one client, taken in both orders by a callback and a publishing thread',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    yield* matchSeen(own);
    const standing = own.filter(mayWantLock);
    if (own.some(mayGoOn)) continue;
    const crossed = crossing(standing);
    const pair = crossed ?? sameFile(standing) ?? atDifferentLocks(standing) ?? joinedTogether(own);
    if (pair === undefined) continue;
    yield {
      confidence:
        crossed !== undefined && pair.every(({ thread }) => thread.progress === 'stuck') ? 'likely' : 'possible',
      threads: pair.map((thread) =>
        witness(thread, thread.thread.wait?.says ?? 'stands at a line of code that others are in', marksOf(thread)),
      ),
    };
  }
}

/** Several locks are wanted, and nobody is at work who could hold them: they hold each other's. */
function* matchSeen(own: readonly ThreadFacts[]): Iterable<Match> {
  const still = findStandstill(own);
  const wanted = still?.groups.flat() ?? [];
  if (still === undefined || wanted.length < 2) return;
  // Who wants to write may be one of the readers that it waits for.
  if (still.groups.length < 2 && !wanted.every(({ writes }) => writes) && !areUnnamed(wanted)) return;
  yield {
    confidence: 'possible',
    threads: wanted.map(({ thread }) =>
      witness(thread, thread.thread.wait?.says ?? 'waits for a lock', marksOf(thread)),
    ),
  };
}

/** One line, without an address or a name, may be one lock or several: who came from other code may hold another one. */
function areUnnamed(wanted: readonly WantedLock[]): boolean {
  return wanted.every(
    ({ addresses, name, thread }) => addresses.length === 0 && name === undefined && isCalled(thread),
  );
}

/**
 * The functions of several threads that another one waits for, each at a plain line of its own, and nobody else is there. In one
 * function they may as well queue for one lock.
 */
function joinedTogether(own: readonly ThreadFacts[]): readonly ThreadFacts[] | undefined {
  const joining = own.filter(({ thread }) => thread.wait?.kind === 'join' && thread.wait.timeout !== 'some');
  const joined = own.filter((thread) => !joining.includes(thread));
  return joining.length === 1 && joined.every(isFirstFunction) && new Set(joined.map(takenBy)).size > 1
    ? joined
    : undefined;
}

function isFirstFunction(facts: ThreadFacts): boolean {
  const taker = facts.frames[lockTaker(facts.frames) ?? -1];
  return lockSight(facts) === 'hidden' && taker !== undefined && !RESTS.test(taker.plain) && !isCalled(facts);
}

function isCalled({ frames }: ThreadFacts): boolean {
  const from = lockTaker(frames) ?? frames.length;
  return frames.slice(from + 1).some((frame) => isOwnCode(frame) && !frame.categories.has('thread-entry'));
}

function marksOf({ frames }: ThreadFacts) {
  const taker = frames[lockTaker(frames) ?? -1];
  return [{ find: (frame: KnownFrame) => frame === taker, note: 'may want a lock here' }];
}

/** A plain line of code that was called by other code of the program; the first function of a thread mostly is its loop. */
function mayWantLock(facts: ThreadFacts): boolean {
  const sight = lockSight(facts);
  const index = lockTaker(facts.frames);
  const taker = facts.frames[index ?? -1];
  if (sight === undefined || taker === undefined || index === undefined) return false;
  const callers = facts.frames
    .slice(index + 1)
    .filter((frame) => isOwnCode(frame) && !frame.categories.has('thread-entry'));
  return (
    callers.length > 0 &&
    callers[0]?.plain !== '<module>' &&
    !RESTS.test(taker.plain) &&
    findInterruption(facts) === undefined &&
    findReentry(facts)?.same !== 'function'
  );
}

/** Who has the GIL goes on, too, whatever the tool saw of it a moment before. */
function mayGoOn(facts: ThreadFacts): boolean {
  return isAtWork(facts) || facts.thread.gil === 'holds';
}

/** Two threads, each at a line of a file through which the other came. */
function crossing(threads: readonly ThreadFacts[]): ThreadFacts[] | undefined {
  const byFile = new Map<string, { thread: ThreadFacts; outer: ReadonlySet<string> }[]>();
  const seen = threads.map((thread) => ({ thread, file: takenIn(thread), outer: outerFiles(thread) }));
  for (const { thread, file, outer } of seen)
    byFile.set(file, [...(byFile.get(file) ?? []).slice(0, 3), { thread, outer }]);
  for (const { thread, file, outer } of seen)
    for (const through of outer)
      for (const other of byFile.get(through) ?? [])
        if (through !== file && other.outer.has(file)) return [thread, other.thread];
  return undefined;
}

/** Threads in the same file, in two functions of it: one function alone is a queue for one lock. */
function sameFile(threads: readonly ThreadFacts[]): ThreadFacts[] | undefined {
  const byFile = new Map<string, ThreadFacts[]>();
  for (const thread of threads) {
    const group = byFile.get(takenIn(thread));
    if (group === undefined) byFile.set(takenIn(thread), [thread]);
    else group.push(thread);
  }
  for (const group of byFile.values()) if (isCrowd(group)) return group;
  return undefined;
}

/** Who stands in what another one calls is behind that one's lock: the other waits, and this one is at work. */
function isCrowd(group: readonly ThreadFacts[]): boolean {
  const takers = new Set(group.map(takenBy));
  if (takers.size < 2) return false;
  return group.every((thread) => {
    const from = lockTaker(thread.frames) ?? 0;
    return !thread.frames.slice(from + 1).some(({ plain, frame }) => takers.has(`${plain} ${frame.file}`));
  });
}

/** Each of them wants a lock that another one may hold: all in one function, as when it takes the lock of its argument. */
function atDifferentLocks(threads: readonly ThreadFacts[]): readonly ThreadFacts[] | undefined {
  const wanted = threads.flatMap((thread) => wantedLock(thread) ?? []);
  const locks = new Set(wanted.map(({ addresses, name, thread }) => addresses.at(-1) ?? name ?? thread));
  // Several that want to write: each of them may still read, and so keeps the others out.
  const upgrade = wanted.length > 1 && wanted.every(({ writes }) => writes);
  return wanted.length === threads.length && (locks.size > 1 || upgrade) ? threads : undefined;
}

function takenBy({ frames }: ThreadFacts): string {
  const taker = frames[lockTaker(frames) ?? -1];
  return `${taker?.plain} ${taker?.frame.file}`;
}

function takenIn({ frames }: ThreadFacts): string {
  return frames[lockTaker(frames) ?? -1]?.frame.file ?? '';
}

function outerFiles({ frames }: ThreadFacts): ReadonlySet<string> {
  const from = lockTaker(frames) ?? 0;
  const own = frames.slice(from + 1).filter((frame) => isOwnCode(frame) && !frame.categories.has('thread-entry'));
  return new Set(own.map(({ frame }) => frame.file ?? ''));
}
