import type { Facts } from '../../analysis/facts.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'thread-spins',
  cause: 'busy-loop',
  library: undefined,
  title: 'a thread computes at the same place at every moment',
  summary:
    'At each moment that was captured the thread held the GIL and stood at the same lines. It does not wait for anybody; either it goes round in a loop that does not end, or one step of it takes very long.',
  explanation:
    'A loop whose end depends on something that no longer changes (a closed socket that is always readable, a flag that nobody sets, a linked list that has become a ring) takes full CPU and shows no wait. Long computations look the same in a dump, so this is a suspicion only.',
  general: true,
  signatures: [],
  match,
  needs: ['two dumps of a tool that tells who holds the GIL: py-spy dump --pid PID; sleep 5; py-spy dump --pid PID'],
  notWhen: ['the lines differ between the moments: it gets on'],
  remediation: [
    {
      kind: 'now',
      step: 'Record for some seconds where the time goes: each line of the file is a stack and how often it was seen. A loop shows as few lines with even shares.',
      command: 'py-spy record --pid PID --duration 10 --format raw --output stacks.txt; cat stacks.txt',
    },
    {
      kind: 'fix',
      step: 'Find the condition that ends the loop, and what was to change it. Handle the empty answer of recv() and read(): it means the end.',
    },
    { kind: 'prevent', step: 'Bound retries and rounds, and wait between them for an event instead of asking.' },
    {
      kind: 'verify',
      step: 'The values of the loop change from one dump to the next.',
      command: 'py-spy dump --locals --pid PID',
    },
  ],
  references: [
    {
      title: 'modelcontextprotocol/python-sdk#3411',
      url: 'https://github.com/modelcontextprotocol/python-sdk/issues/3411',
      establishes:
        'idle asyncio processes on Windows take a whole processor: the socket that wakes the loop is at its end and always readable',
    },
    {
      title: 'Python: socket.recv',
      url: 'https://docs.python.org/3/library/socket.html#socket.socket.recv',
      establishes: 'an empty bytes object means that the peer has disconnected',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    if (sample.thread.progress !== 'spinning') continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) => ({
        thread,
        note: 'held the GIL at the same lines at every moment',
        frames: thread.thread.frames.slice(0, 1).map((frame, index) => ({ index, frame, note: 'at every moment' })),
      })),
    };
  }
}
