import type { Facts } from '../../analysis/facts.ts';
import { loopCallOf } from '../../analysis/loops.ts';
import type { EvidenceFrame } from '../../model/diagnosis.ts';
import { processesWithJobs, waitsForOwnFuture } from '../_shared/loop-futures.ts';
import { defineRule, type Match } from '../rule.ts';

const CONTEXT = 'py:__aexit__@asgiref/sync.py!';
const SHUTDOWN = 'py:shutdown@concurrent/futures/thread.py!';
const NOTES = { [CONTEXT]: 'a coroutine, run by the loop', [SHUTDOWN]: 'blocks until all its threads have ended' };

export default defineRule({
  id: 'event-loop-waits-for-itself',
  cause: 'event-loop-self-wait',
  library: 'asyncio',
  title: 'a callback of the event loop blocks on a future that the loop must complete',
  summary:
    'Code that the event loop runs waits, blocking, for the result of a future. While it waits the loop stands still, and a future that the loop itself has to complete never will be.',
  explanation:
    'Calls such as asyncio.run_coroutine_threadsafe(...).result(), and libraries that offer a synchronous face of asynchronous code hand a coroutine to a loop and block until it is done. Called from the thread of that very loop, they wait for themselves. The same is true of blockingCallFromThread() in the thread of the reactor. If the future belongs to an executor the loop is only blocked until the job is done.',
  signatures: [
    // Leaving the context waits, in the thread of the loop, for threads that hand work back to that loop.
    { find: `${CONTEXT} -> ${SHUTDOWN}`, confidence: 'likely', notes: NOTES },
  ],
  match,
  needs: ['the Python frames: py-spy dump --pid PID'],
  notWhen: [
    'another thread waits for the result: then the loop is free to complete it',
    'a worker of an executor runs a job: the future may be its, and the loop is only blocked until it is done',
    'the loop rests in select(): it waits for work',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The loop cannot be freed from outside. Keep the dumps, then end the process.',
      command: 'kill -9 PID',
    },
    { kind: 'fix', step: 'Await instead of blocking: await coroutine, or await asyncio.wrap_future(future).' },
    {
      kind: 'prevent',
      step: 'Call the synchronous face of a library only outside of the loop: await asyncio.to_thread(function).',
    },
    {
      kind: 'verify',
      step: 'With debug mode the loop reports callbacks that take long.',
      command: 'PYTHONASYNCIODEBUG=1 python APP',
    },
  ],
  references: [
    {
      title: 'empicano/aiomqtt#174',
      url: 'https://github.com/empicano/aiomqtt/issues/174',
      establishes:
        'a callback of the loop waited for the result of a coroutine that it had scheduled on that loop; fixed by #175, which no longer waits',
    },
    {
      title: 'asyncio: run_coroutine_threadsafe',
      url: 'https://docs.python.org/3/library/asyncio-task.html#asyncio.run_coroutine_threadsafe',
      establishes: 'it is meant to be called from another thread than that of the loop',
    },
  ],
});

function* match({ buckets, threads }: Facts): Iterable<Match> {
  const atWork = processesWithJobs(threads);
  for (const { sample, threads: alike } of buckets) {
    const call = loopCallOf(sample);
    if (call === undefined || sample.thread.wait === undefined || sample.thread.progress === 'moving') continue;
    const found = waitsForOwnFuture(sample, call, atWork);
    if (found === undefined) continue;
    const marks = [
      [found.future, 'which blocks until a future is done'],
      [call.loop, `the event loop (${call.library}) runs a callback`],
    ] as const;
    yield {
      confidence: found.confidence,
      threads: alike.map((thread) => ({
        thread,
        note: thread.thread.wait?.says ?? 'waits for a future',
        frames: marks.flatMap(([index, note]): EvidenceFrame[] => {
          const frame = thread.thread.frames[index];
          return frame === undefined ? [] : [{ index, frame, note }];
        }),
      })),
    };
  }
}
