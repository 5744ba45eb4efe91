import { cyclesOf } from '../../analysis/cycle-facts.ts';
import type { Facts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'lock-order-cycle',
  cause: 'lock-order-inversion',
  library: undefined,
  title: "threads hold each other's locks",
  summary:
    'Each of these threads holds a lock that another one of them wants, in a circle, so none can ever go on. Whatever else waits for one of the locks waits behind them.',
  explanation:
    'Two pieces of code take the same locks in different orders. Mostly one of them is through before the other begins; when both have taken their first lock, each waits for the second for ever. Joining a thread while holding a lock that it needs is the same circle with one lock.',
  signatures: [],
  match,
  needs: [
    'the addresses of the locks: gdb -p PID -batch -ex "thread apply all bt"; for locks of C code -ex "thread apply all bt full" names their owners',
    'the objects in the frames: py-spy dump --locals --pid PID',
  ],
  notWhen: [
    'threads queue for a lock whose holder runs: the holder is at work, or two moments show that they move',
    'all wait for one lock: then its holder has ended or hangs elsewhere',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'No thread can be freed from outside. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Take the locks in one order everywhere, for example by an id of the objects that they guard, or guard both with one lock.',
    },
    {
      kind: 'prevent',
      step: 'Call nothing that you do not know while holding a lock: no callbacks, no logging handlers, no join(). Where that cannot be, take the second lock with a timeout and give the first one back.',
    },
    {
      kind: 'verify',
      step: 'Run both code paths against each other many times; a second dump shows other stacks.',
      command: 'py-spy dump --pid PID',
    },
  ],
  references: [
    {
      title: 'eclipse-paho/paho.mqtt.python#354',
      url: 'https://github.com/eclipse-paho/paho.mqtt.python/issues/354',
      establishes:
        'a callback publishes under the callback lock while another thread, with the lock of outgoing messages, wants to call back',
    },
    {
      title: 'Python library: threading, lock objects',
      url: 'https://docs.python.org/3/library/threading.html#lock-objects',
      establishes: 'a lock has no owner and no order; acquire() without timeout waits for ever',
    },
  ],
});

function* match(facts: Facts): Iterable<Match> {
  for (const { threads, edges, inferred, overGil } of cyclesOf(facts)) {
    const overLocks =
      edges.some(({ kind }) => kind === 'wants') && edges.every(({ kind }) => /^(?:wants|held-by|joins)$/.test(kind));
    // A lock on a file is another matter, and has rules of its own.
    const overFiles = edges.some(({ to }) => to.startsWith('lock file '));
    if (overGil || overFiles || threads.length < 2 || !overLocks) continue;
    yield {
      confidence: inferred ? 'likely' : 'certain',
      threads: threads.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits')),
      unseen: inferred ? [{ what: 'who holds the locks is concluded: no other thread could', command: undefined }] : [],
    };
  }
}
