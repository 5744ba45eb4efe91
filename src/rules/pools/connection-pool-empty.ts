import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const CHECKOUT = 'py:#connection-checkout!';
const NOTES = {
  [CHECKOUT]: 'waits until a connection is given back',
  'py:#connection-checkout!$': 'waits until a connection is given back',
};

export default defineRule({
  id: 'connection-pool-empty',
  cause: 'pool-starvation',
  library: undefined,
  title: 'all connections of a pool are taken, and nobody gives one back',
  summary:
    'The thread waits for a connection out of a pool with a fixed size. All are in use: kept by code that never gave them back, or by threads that wait for something else while they hold one.',
  explanation:
    'Each session, cursor or response keeps its connection until it is closed. What is not closed on every path, an error, an early return, a response whose body was not read, leaks one; after as many leaks as the pool is large everybody waits. The same happens when a thread that holds one connection asks for a second one.',
  signatures: [
    {
      find: `${CHECKOUT} -> py:{#condition-wait, #lock-wait, #poll}$`,
      confidence: 'possible',
      notes: NOTES,
    },
    { find: 'py:#connection-checkout!$', confidence: 'possible', notes: NOTES },
    { find: `${CHECKOUT} -> c:{#lock-wait, #semaphore-wait, #condition-wait}$`, confidence: 'possible', notes: NOTES },
  ],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: [
    'the pool is only small: other threads use its connections and get on, and two moments differ',
    'the pool has a timeout: then it raises an error after it (30 s for SQLAlchemy)',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See which connections are open, and what the server says of them ("idle in transaction", Sleep).',
      command: "ss -tnpo | grep 'pid=PID,'",
    },
    {
      kind: 'fix',
      step: 'Give connections back on every path: "with engine.connect() as c:", "with Session() as s:", response.close() or preload_content=True.',
    },
    {
      kind: 'prevent',
      step: 'Set the timeout of the pool, log its checkouts (echo_pool="debug"), and never take a second connection while holding one.',
    },
    { kind: 'verify', step: 'With a pool of size 1 the code still runs to its end.' },
  ],
  references: [
    {
      title: 'siddhantgoel/tornado-sqlalchemy#88',
      url: 'https://github.com/siddhantgoel/tornado-sqlalchemy/issues/88',
      establishes:
        'the thread of the event loop waits for a connection that only other requests of the same loop could give back',
    },
    {
      title: 'SQLAlchemy: connection pooling',
      url: 'https://docs.sqlalchemy.org/en/20/core/pooling.html',
      establishes: 'pool_size, max_overflow and pool_timeout; connections go back when they are closed',
    },
    {
      title: 'urllib3: connection pools',
      url: 'https://urllib3.readthedocs.io/en/stable/advanced-usage.html#customizing-pool-behavior',
      establishes: 'block=True waits until a connection is given back, which needs the body to be read or released',
    },
  ],
});

/** Nobody else in the process could hold a connection and give it back. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const waiters = own.filter(isWaiting);
    if (waiters.length < 2 || waiters.some(({ cut }) => cut)) continue;
    if (!own.every((one) => isWaiting(one) || cannotGiveBack(one))) continue;
    yield {
      confidence: 'likely',
      threads: waiters.map((one) =>
        witness(one, 'waits for a connection', [
          {
            find: ({ categories }) => categories.has('connection-checkout'),
            note: 'waits until a connection is given back',
          },
        ]),
      ),
    };
  }
}

function isWaiting({ frames, thread }: ThreadFacts): boolean {
  const checkout = frames.findIndex(({ categories }) => categories.has('connection-checkout'));
  if (checkout < 0 || thread.progress === 'moving' || thread.activity === 'active') return false;
  return thread.wait !== undefined || frames.slice(0, checkout).every(({ frame }) => frame.language === 'native');
}

function cannotGiveBack({ thread }: ThreadFacts): boolean {
  return thread.frames.length === 0 || thread.idleAs !== undefined || thread.wait?.kind === 'join';
}
