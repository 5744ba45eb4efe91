import { defineRule } from '../rule.ts';

const CALLBACK = 'py:_run@asyncio/events.py!';

const NOTES = { [CALLBACK]: 'the event loop runs a callback' };

export default defineRule({
  id: 'event-loop-blocked-by-call',
  cause: 'event-loop-blocked',
  library: 'asyncio',
  title: 'a blocking call stands inside the event loop',
  summary:
    'The event loop runs one callback at a time. The one that it runs now waits in a blocking call, and until that returns nothing else of the loop goes on: no other request, no timer, no cancellation.',
  explanation:
    'A coroutine gives control back only where it awaits. Calls that block (time.sleep, requests, database drivers, file and socket reads, locks) do not, so the whole loop waits with them: for seconds if the other side answers, for ever if it does not.',
  signatures: [
    {
      find: `${CALLBACK} -> !py:{result, exception}@concurrent/futures/_base.py -> c:{#sleep, #read, #write, #connect, #dns, #child-wait, #lock-wait}$`,
      confidence: 'likely',
      notes: NOTES,
    },
    {
      find: `${CALLBACK} -> py:{readinto, create_connection, getaddrinfo}@socket.py`,
      confidence: 'likely',
      notes: NOTES,
    },
    { find: `${CALLBACK} -> py:{do_handshake, read, recv_into}@ssl.py$`, confidence: 'likely', notes: NOTES },
    { find: `${CALLBACK} -> py:{wait, _try_wait}@subprocess.py`, confidence: 'likely', notes: NOTES },
  ],
  needs: ['the Python frames: py-spy dump --pid PID', 'what the call waits for: py-spy dump --native --pid PID'],
  notWhen: ['the loop rests in select(): it waits for work', 'the callback computes: two moments differ'],
  remediation: [
    {
      kind: 'now',
      step: 'If the call waits for another service, restarting or reaching that frees the loop; otherwise restart the process.',
      command: "ss -tnp | grep 'pid=PID,'",
    },
    {
      kind: 'fix',
      step: 'Use the asynchronous counterpart (asyncio.sleep, aiohttp or httpx.AsyncClient, asyncpg), or move the call off the loop: await asyncio.to_thread(function, …).',
    },
    {
      kind: 'prevent',
      step: 'Give every network call a timeout, and let loop.slow_callback_duration warn of what blocks.',
    },
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
      establishes: 'a blocking call delays all tasks of the loop; run_in_executor takes it off',
    },
  ],
});
