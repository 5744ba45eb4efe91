import { isAtWork } from '../../analysis/at-work.ts';
import { mayLackThreads } from '../../analysis/excerpts.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isOwnCode, RESTS } from '../../analysis/lock-sight.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const TEST = 'py:{pytest_pyfunc_call, _callTestMethod}!';

export default defineRule({
  id: 'nobody-left-to-signal',
  cause: 'missing-notify',
  library: undefined,
  title: 'threads wait to be signalled, and no other thread is left that could',
  summary:
    'Every thread that runs code of the program waits for an event, a condition, a queue or a semaphore. Whoever was to set it has ended, or waits itself.',
  explanation:
    'Events, conditions, queues, barriers and semaphores have no owner: if the thread that was to call set(), notify(), put(), task_done() or release() ended with an exception, or came too early, the wait has no end. Conditions without a predicate lose a notify() that comes before wait().',
  general: true,
  signatures: [
    // A test is no service: what its loop waits for was to come from the test itself.
    {
      find: `${TEST} -> py:run_until_complete@asyncio/base_events.py -> !py:_run@asyncio/events.py -> #poll$`,
      confidence: 'possible',
      notes: { [TEST]: 'a test runs here' },
    },
  ],
  match,
  needs: ['all threads: py-spy dump --pid PID', 'what each waits for: py-spy dump --locals --pid PID'],
  notWhen: [
    'the program waits for work from outside: a signal, a socket, a timer',
    'the waits have timeouts',
    'another process or a thread of C code gives the signal',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Look in the log for the exception that ended a thread: threading prints it to stderr.',
      command: 'py-spy dump --locals --pid PID',
    },
    {
      kind: 'fix',
      step: 'Signal in a finally block, also when the work fails; put a sentinel or the exception into the queue.',
    },
    {
      kind: 'prevent',
      step: 'Wait with wait_for() and a predicate, and with a timeout that says in the log what was missing. Use futures, which hand exceptions on.',
    },
    { kind: 'verify', step: 'With an exception raised in the worker, the waiting thread comes back.' },
  ],
  references: [
    {
      title: 'tilezen/tilequeue#131',
      url: 'https://github.com/tilezen/tilequeue/issues/131',
      establishes: 'an exception ends a background thread, and the main thread goes on waiting for its results',
    },
    {
      title: 'Python library: threading, condition objects',
      url: 'https://docs.python.org/3/library/threading.html#condition-objects',
      establishes: 'notify() wakes only threads that wait at that moment',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const running = own.filter(({ thread, frames }) => thread.userFrame !== undefined && frames.length > 0);
    const waiting = running.filter(waitsForSignal);
    if (waiting.length === 0) continue;
    if (own.some(isExcerpt)) {
      yield* shownForIt(own, waiting);
      continue;
    }
    const others = running.filter(
      (thread) => !waiting.includes(thread) && thread.thread.wait?.kind !== 'join' && !waitsForTask(thread),
    );
    // Beside threads that come round now and then, the main program may rest until it is to end.
    const stuck = others.length === 0 ? waiting : others.every(comesRound) ? waiting.filter(isInTheMidst) : [];
    if (stuck.length === 0 || own.some((thread) => !running.includes(thread) && mayGive(thread))) continue;
    yield {
      confidence: 'possible',
      threads: stuck.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits to be signalled')),
    };
  }
}

/** Of a process of which only a thread or two are shown, those are shown because they do not get on. */
function* shownForIt(own: readonly ThreadFacts[], waiting: readonly ThreadFacts[]): Iterable<Match> {
  const stuck = waiting.filter(isInTheMidst);
  if (stuck.length === 0 || own.length > FEW || own.some(isAtWork)) return;
  yield {
    confidence: 'possible',
    threads: stuck.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits to be signalled')),
    unseen: [{ what: 'whether a thread that is not shown gives the signal', command: 'py-spy dump --pid PID' }],
  };
}

const FEW = 3;

/** A worker at its queue gives no signal before somebody gives it a task. */
function waitsForTask({ thread, frames }: ThreadFacts): boolean {
  return (
    thread.idleAs !== undefined && frames.some(({ plain, frame }) => plain === 'get' && QUEUE.test(frame.file ?? ''))
  );
}

const QUEUE = /queue\w*\.py$/i;

/** Sleeps, or waits with a time: what it does in between is not seen. */
function comesRound({ thread }: ThreadFacts): boolean {
  return thread.wait?.kind === 'sleep' || thread.wait?.timeout === 'some';
}

/** Waits in a function that has something to do after it, not in the one that holds the program until its end. */
function isInTheMidst({ frames }: ThreadFacts): boolean {
  // A queue joined is done when its workers say so, wherever that is called.
  if (frames.some(({ plain, frame }) => plain === 'join' && QUEUE.test(frame.file ?? ''))) return true;
  const own = frames.filter((frame) => isOwnCode(frame) && !frame.categories.has('thread-entry'));
  const [caller, ...outer] = own.filter(({ plain }) => plain !== '<module>');
  return caller !== undefined && outer.length > 0 && !RESTS.test(caller.plain) && caller.plain !== 'main';
}

/** Without a time: a wait in rounds is a timer. What cannot be told is not said. */
function waitsForSignal({ thread, frames }: ThreadFacts): boolean {
  const { wait, idleAs, progress, activity } = thread;
  if (
    wait === undefined ||
    (idleAs !== undefined && thread.role !== 'blocker') ||
    progress === 'moving' ||
    activity === 'active'
  )
    return false;
  const isPython = frames.some(
    ({ plain, frame }) => plain === 'wait' && /(?:^|[\\/])threading\.py$/.test(frame.file ?? ''),
  );
  return isPython && wait.timeout === 'none' && (wait.kind === 'condition' || wait.kind === 'semaphore');
}

/** Threads of libraries at work, event loops and servers may give the signal. */
function mayGive({ thread, frames }: ThreadFacts): boolean {
  return (
    frames.length > 0 &&
    thread.idleAs !== 'idle executor worker' &&
    frames.some(({ frame }) => frame.language === 'python')
  );
}

function isExcerpt({ cut, process }: ThreadFacts): boolean {
  return cut || mayLackThreads(process);
}
