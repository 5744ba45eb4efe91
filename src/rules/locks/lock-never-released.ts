import { isAtWork } from '../../analysis/at-work.ts';
import { mayLackThreads } from '../../analysis/excerpts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { waitsForImport } from '../../analysis/imports.ts';
import { isOwnCode, lockTaker } from '../../analysis/lock-sight.ts';
import type { WantedLock } from '../../analysis/locks.ts';
import { findStandstill, isTimer } from '../../analysis/standstill.ts';
import { groupByProcess, threadNodeId } from '../../analysis/wait-graph.ts';
import type { Process } from '../../model/process.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-never-released',
  cause: 'missing-notify',
  library: undefined,
  title: 'threads wait for a lock, and no thread is left that could hold it',
  summary:
    'Several threads want one lock. Every other thread of the process rests, or only waits for these to end. Whoever took the lock has ended, or went on, without giving it back.',
  explanation:
    'A threading.Lock belongs to nobody: when the thread that took it ends with an exception between acquire() and release(), it stays taken for ever. So does one that was taken by hand and not released on every way out of a function. It goes well until that exception comes.',
  general: true,
  signatures: [],
  match,
  needs: [
    'all threads of the process: py-spy dump --pid PID',
    'which lock each wants: gdb -p PID -batch -ex "thread apply all bt", or pystack remote PID, which prints the source lines',
  ],
  notWhen: [
    'another thread of the program runs, or waits elsewhere: that one may hold the lock, and is what to look at',
    'the process was forked: then the holder may have stayed in the parent',
    'a single thread wants the lock: it may hold it itself',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Look in the log for the exception that ended a thread: threading prints it to stderr. The lock cannot be freed from outside; end the process.',
      command: 'kill -9 PID',
    },
    { kind: 'fix', step: 'Take the lock with a with statement, or release it in a finally block.' },
    {
      kind: 'prevent',
      step: 'Search the code for acquire() without with or try/finally; ruff and pylint find some of them (pylint R1732, consider-using-with).',
    },
    { kind: 'verify', step: 'With an exception raised while the lock is held, the other threads go on.' },
  ],
  references: [
    {
      title: 'joan2937/pigpio#189',
      url: 'https://github.com/joan2937/pigpio/issues/189',
      establishes:
        'an exception between acquire() and release() left the lock taken, and the next call waits for ever; mended by try and finally (#190)',
    },
    {
      title: 'Python library: threading, using locks in the with statement',
      url: 'https://docs.python.org/3/library/threading.html#using-locks-conditions-and-semaphores-in-the-with-statement',
      establishes: 'the with statement releases a lock on every way out of its block; acquire() alone does not',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  const { edges } = facts.waits;
  const held = new Set(edges.flatMap(({ kind, from }) => (kind === 'held-by' ? [from] : [])));
  const wants = new Map(edges.flatMap(({ kind, from, to }) => (kind === 'wants' && !held.has(to) ? [[from, to]] : [])));
  const found = new Set<Process>();
  for (const [process, own] of groupByProcess(facts.threads)) {
    if (mayLackThreads(process) || process.forked === true) continue;
    const waiting = own.filter((thread) => wants.has(threadNodeId(thread)) && waitsForProgram(thread));
    const locks = new Set(waiting.map((thread) => wants.get(threadNodeId(thread))));
    if (waiting.length < 2 || locks.size !== 1) continue;
    if (own.some((thread) => !waiting.includes(thread) && mayHold(thread))) continue;
    found.add(process);
    yield {
      confidence: 'possible',
      threads: waiting.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits for a lock')),
      unseen: [{ what: 'that nobody holds the lock is concluded: no other thread is left', command: undefined }],
    };
  }
  for (const [process, own] of groupByProcess(facts.threads)) if (!found.has(process)) yield* matchStandstill(own);
}

/** What the C frames tell where gdb shows no Python, and one line at which all stand in the outermost function of their thread. */
function* matchStandstill(own: readonly ThreadFacts[]): Iterable<Match> {
  const still = findStandstill(own);
  const [wanted = [], other] = still?.groups ?? [];
  if (still === undefined || other !== undefined || wanted.length < 2 || !still.turning.every(isTimer)) return;
  if (
    !wanted.every(isOneForAll) ||
    still.waiting.some(({ thread }) => thread.view.python && thread.wait?.kind !== 'join')
  )
    return;
  yield {
    confidence: 'possible',
    threads: wanted.map(({ thread }) => witness(thread, thread.thread.wait?.says ?? 'waits for a lock')),
  };
}

/** Who wants to write may be one of the readers. In the outermost function of its thread nobody holds another lock yet. */
function isOneForAll({ addresses, name, writes, thread: { frames } }: WantedLock): boolean {
  const from = lockTaker(frames) ?? frames.length;
  const isCalled = frames.slice(from + 1).some((frame) => isOwnCode(frame) && !frame.categories.has('thread-entry'));
  return !writes && (addresses.length > 0 || name !== undefined || !isCalled);
}

/** Without a time, and for a lock of the program: that of imports has a holder that imports. */
function waitsForProgram(facts: ThreadFacts): boolean {
  const { thread, frames } = facts;
  const forImports = waitsForImport(facts) || frames.some(({ bare }) => bare === '_PyImport_AcquireLock');
  return thread.wait?.timeout !== 'some' && !forImports;
}

/** Who rests by design, or only waits for others to end, took no lock along; all others may have. */
function mayHold(facts: ThreadFacts): boolean {
  const { thread, frames } = facts;
  if (frames.length === 0 || thread.idleAs !== undefined) return false;
  return isAtWork(facts) || thread.gil !== undefined || thread.wait?.kind !== 'join';
}
