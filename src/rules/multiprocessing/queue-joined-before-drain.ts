import { defineRule } from '../rule.ts';

const FINALIZE = 'py:_finalize_join@multiprocessing/queues.py!';

export default defineRule({
  id: 'queue-joined-before-drain',
  cause: 'pipe-full',
  library: 'multiprocessing',
  title: 'a child cannot end because nobody empties its queue',
  summary:
    "The child is through and waits for its queue's feeder thread to write what was put into the queue. The pipe is full, since the parent does not read: it waits for the child to end.",
  explanation:
    'A multiprocessing.Queue writes through a pipe that holds about 64 KiB. A process that has put items into it does not end before all are written. If the parent calls join() before it has got the items, each waits for the other. With little data it fits the pipe, and nothing is noticed.',
  signatures: [
    {
      find: `${FINALIZE} -> py:join@threading.py`,
      confidence: 'likely',
      notes: { [FINALIZE]: 'waits, at exit, for the feeder of a queue' },
    },
  ],
  needs: ['the Python frames of the child: py-spy dump --subprocesses --pid PARENT'],
  notWhen: [
    'the parent reads from the queue: then the feeder goes on',
    'the feeder rests in wait(): then nothing is left to write',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Ending the child frees the parent; what the child had not yet written is lost.',
      command: 'kill PID',
    },
    { kind: 'fix', step: 'Get the results before join(): read one item for each child, then join them.' },
    {
      kind: 'prevent',
      step: 'Use a pool or concurrent.futures, which drain for you; or queue.cancel_join_thread() in the child where its items may be lost.',
    },
    { kind: 'verify', step: 'With items of a megabyte each the program still ends.' },
  ],
  references: [
    {
      title: 'python/cpython#73983',
      url: 'https://github.com/python/cpython/issues/73983',
      establishes:
        'a process is joined while its queue still holds items: closed as no bug, since the documentation warns of it',
    },
    {
      title: 'n8n-io/n8n#19084',
      url: 'https://github.com/n8n-io/n8n/pull/19084',
      establishes:
        'a service stops as soon as a result is larger than 64 KiB: the child waits in the feeder thread, the parent in join()',
    },
    {
      title: 'multiprocessing: joining processes that use queues',
      url: 'https://docs.python.org/3/library/multiprocessing.html#programming-guidelines',
      establishes: 'a process waits before terminating until all buffered items are fed to the pipe',
    },
  ],
});
