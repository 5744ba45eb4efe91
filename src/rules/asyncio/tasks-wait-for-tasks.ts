import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { isAt } from '../../frames/places.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'tasks-wait-for-tasks',
  cause: 'missing-notify',
  library: 'asyncio',
  title: 'all tasks of the event loop wait for locks, queues or events of each other',
  summary:
    'Every task that waits for no other task stands in a lock, a semaphore, a queue or an event of asyncio, and at least one of them in something that only a task can give free. No task waits for the network, a timer or a thread, so none will move again.',
  explanation:
    'A lock of asyncio is no lock of a thread: a task that awaits while it holds one keeps it. Two tasks that take two locks in different orders, a queue.join() whose consumers forget task_done() after an exception, or a semaphore that an ended task did not release leave all tasks waiting. The loop itself rests in select(), which looks idle from outside.',
  signatures: [],
  match,
  needs: ['the tree of all tasks: python -m asyncio pstree PID (Python 3.14)'],
  notWhen: [
    'a task sleeps, reads, or waits for a future: it will move, and free others',
    'all wait for events and items only: a signal or a request may bring them',
  ],
  remediation: [
    { kind: 'now', step: 'A Ctrl-C cancels the main task; otherwise end the process.', command: 'kill -INT PID' },
    {
      kind: 'fix',
      step: 'Use async with for locks and semaphores, take them in one order, and call queue.task_done() in a finally block.',
    },
    { kind: 'prevent', step: 'Bound such waits: async with asyncio.timeout(30).' },
    { kind: 'verify', step: 'The tree shows tasks that read or sleep again.', command: 'python -m asyncio pstree PID' },
  ],
  references: [
    {
      title: 'python/cpython#90155',
      url: 'https://github.com/python/cpython/issues/90155',
      establishes: 'cancelling a waiting task left asyncio.Semaphore locked for all that came later; fixed in 3.11',
    },
    {
      title: 'agronholm/anyio#1145',
      url: 'https://github.com/agronholm/anyio/pull/1145',
      establishes: 'waiters of a Lock or Semaphore were forgotten when a task before them was cancelled; fixed in 2026',
    },
    {
      title: 'asyncio: call graph introspection',
      url: 'https://docs.python.org/3/library/asyncio-graph.html',
      establishes: 'tasks and what awaits them can be shown for a running program, since Python 3.14',
    },
  ],
});

/** What only another task gives free. */
const NEEDS_TASK = /^(?:Lock|Semaphore|BoundedSemaphore)\.(?:acquire|__aenter__)$|Queue\.(?:join|put)$|^Barrier\.wait$/;

const WAITS = new RegExp(`${NEEDS_TASK.source}|^(?:Event|Condition)\\.wait(?:_for)?$|Queue\\.get$`);

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const tasks = ofProcess.filter(({ thread }) => thread.notes.includes('asyncio task'));
    const awaiting = new Set(
      tasks.flatMap(({ thread }) => thread.notes.map((note) => /^awaited by the task (.*)$/.exec(note)?.[1])),
    );
    const leaves = tasks.filter(({ thread, frames }) => frames.length > 0 && !awaiting.has(thread.name));
    if (!leaves.every((task) => WAITS.test(waitOf(task))) || !leaves.some((task) => NEEDS_TASK.test(waitOf(task))))
      continue;
    yield {
      confidence: 'possible',
      threads: leaves.map((task) => ({
        thread: task,
        note: `waits in ${waitOf(task)}()`,
        frames: task.thread.frames
          .slice(0, 1)
          .map((frame) => ({ index: 0, frame, note: 'only another task ends this wait' })),
      })),
    };
  }
}

/** "Lock.acquire": the qualified name, or made of the plain one where the tool gives no more. */
function waitOf({ frames }: ThreadFacts): string {
  const innermost = frames.at(0);
  if (innermost === undefined) return '';
  const { function: name } = innermost.frame;
  if (name.includes('.')) return name;
  if (isAt(innermost.frame, 'asyncio/queues.py')) return `Queue.${name}`;
  if (!isAt(innermost.frame, 'asyncio/locks.py')) return '';
  return name === 'acquire' || name === '__aenter__' ? 'Lock.acquire' : `Event.${name}`;
}
