import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { loopCallOf } from '../../analysis/loops.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'event-loop-at-work',
  cause: 'event-loop-blocked',
  library: 'asyncio',
  title: 'the event loop is at work in one callback, and everything else waits for that',
  summary:
    'No wait is visible: the loop runs a callback, which was at work when the dump was taken. If the program does not answer, this callback takes too long, or never ends.',
  explanation:
    'An event loop runs one callback at a time. A coroutine that computes, parses or goes through a large collection without awaiting keeps all others from running, timers and health checks among them. With little data nobody notices. One dump cannot tell a callback that takes long from one that is seen by chance.',
  lastResort: true,
  signatures: [],
  match,
  needs: ['whether it moves: py-spy dump --pid PID; sleep 5; py-spy dump --pid PID'],
  notWhen: [
    'two moments show other callbacks: the loop gets on, and is only busy',
    'the callback waits in a call that blocks: that is event-loop-blocked-by-call',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Record for some seconds where the time goes: one callback at every moment is the culprit.',
      command: 'py-spy record --pid PID --duration 10 --format raw --output stacks.txt; cat stacks.txt',
    },
    {
      kind: 'fix',
      step: 'Move the work off the loop: await asyncio.to_thread(function, …), a process pool for what keeps the GIL; or cut it up and await asyncio.sleep(0) in between.',
    },
    { kind: 'prevent', step: 'Let loop.slow_callback_duration warn of callbacks that take long.' },
    {
      kind: 'verify',
      step: 'Debug mode names callbacks that take longer than 100 ms.',
      command: 'PYTHONASYNCIODEBUG=1 python APP',
    },
  ],
  references: [
    {
      title: 'Developing with asyncio: running blocking code',
      url: 'https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code',
      establishes: 'a CPU-intensive calculation delays all concurrent tasks; an executor takes it off the loop',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const call = works(sample) ? loopCallOf(sample) : undefined;
    if (call === undefined) continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) => ({
        thread,
        note: `is at work in a callback of ${call.library}`,
        frames: thread.thread.frames.slice(0, 1).map((frame, index) => ({ index, frame, note: 'at work here' })),
      })),
    };
  }
}

function works(facts: ThreadFacts): boolean {
  const { wait, idleAs, progress } = facts.thread;
  return isAtWork(facts) && wait === undefined && idleAs === undefined && progress !== 'moving';
}
