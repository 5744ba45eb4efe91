import { defineRule } from '../rule.ts';

const CALLBACK = 'py:_run@asyncio/events.py!';
const RESULT = 'py:{result, exception}@concurrent/futures/_base.py!';

export default defineRule({
  id: 'event-loop-waits-for-itself',
  cause: 'event-loop-self-wait',
  library: 'asyncio',
  title: 'a callback of the event loop blocks on a future that the loop must complete',
  summary:
    'Code that the event loop runs waits, blocking, for the result of a future. While it waits the loop stands still, and a future that the loop itself has to complete never will be.',
  explanation:
    'Calls such as asyncio.run_coroutine_threadsafe(...).result(), and libraries that offer a synchronous face of asynchronous code hand a coroutine to a loop and block until it is done. Called from the thread of that very loop, they wait for themselves. If the future belongs to an executor the loop is only blocked until the job is done.',
  signatures: [
    {
      find: `${CALLBACK} -> ${RESULT} -> py:wait@threading.py`,
      confidence: 'likely',
      notes: { [CALLBACK]: 'the event loop runs a callback', [RESULT]: 'which blocks until a future is done' },
    },
  ],
  needs: ['the Python frames: py-spy dump --pid PID'],
  notWhen: [
    'another thread waits for the result: then the loop is free to complete it',
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
      title: 'asyncio: run_coroutine_threadsafe',
      url: 'https://docs.python.org/3/library/asyncio-task.html#asyncio.run_coroutine_threadsafe',
      establishes: 'it is meant to be called from another thread than that of the loop',
    },
  ],
});
