import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { type LoopCall, loopCallOf } from '../../analysis/loops.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isUserCode } from '../../frames/user-code.ts';
import type { Confidence, EvidenceFrame } from '../../model/diagnosis.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'event-loop-spins',
  cause: 'busy-loop',
  library: 'asyncio',
  title: 'a coroutine asks again and again without awaiting',
  summary:
    'A callback of the event loop runs Python code and never gives control back: it looks at a state in a loop, and what would change that state can only run when the loop goes on. The thread takes full CPU, and nothing else of the loop happens.',
  explanation:
    'A coroutine gives way only at an await that really waits. A loop such as `while not connection.open: pass`, or one whose only await returns at once, keeps the thread for itself. While the connection is up the loop body sleeps or reads, so it works; once it is closed the waiting part is skipped and the loop spins.',
  signatures: [],
  match,
  needs: [
    'that the thread holds the GIL, and the Python frames: py-spy dump --pid PID',
    'a second dump, some seconds later: sleep 5; py-spy dump --pid PID',
  ],
  notWhen: ['the service is under load: another callback stands there at the next moment'],
  remediation: [
    {
      kind: 'now',
      step: 'Only ending the process helps; see the state it asks for first.',
      command: 'py-spy dump --locals --pid PID',
    },
    {
      kind: 'fix',
      step: 'Wait for the change instead of asking for it: an asyncio.Event, a future, or the reader of the connection. At the least await asyncio.sleep(0.1) in each round, and leave the loop when the connection is closed.',
    },
    { kind: 'prevent', step: 'Give every retry loop a delay that grows, and an end.' },
    {
      kind: 'verify',
      step: 'Debug mode names callbacks that take longer than 100 ms.',
      command: 'PYTHONASYNCIODEBUG=1 python APP',
    },
  ],
  references: [
    {
      title: 'emcie-co/parlant#783',
      url: 'https://github.com/emcie-co/parlant/pull/783',
      establishes: 'a drain loop never gave way: awaiting a lock or a semaphore that is free returns at once',
    },
    {
      title: 'python-websockets/websockets#865',
      url: 'https://github.com/python-websockets/websockets/issues/865',
      establishes: 'a loop whose only await is send() starves all other tasks while the connection takes the data',
    },
    {
      title: 'Developing with asyncio: running blocking code',
      url: 'https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code',
      establishes: 'code that does not await delays all tasks of the loop',
    },
  ],
});

/** Names of functions that only look at a state: "is_open", "isReady", "done", "closed", "empty", "poll". */
const LOOKS =
  /^_*(?:is|has|can|should|check)(?:_|[A-Z])|(?:^|_)(?:open|opened|closed?|done|ready|empty|full|poll|alive|running|finished|connected|stopped|status|state|qsize|locked|expired|pending|available)$/;

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    const call = loopCallOf(sample);
    const confidence = call && confidenceOf(sample, call);
    if (call === undefined || confidence === undefined) continue;
    const marks = marksOf(sample, call);
    yield {
      confidence,
      threads: threads.map((thread) => ({
        thread,
        note: 'runs Python code, and holds the GIL',
        frames: marks.flatMap(([index, note]): EvidenceFrame[] => {
          const frame = thread.thread.frames[index];
          return frame === undefined ? [] : [{ index, frame, note }];
        }),
      })),
    };
  }
}

/** Computing alone is no hang: at one moment only a look at a state, called from the program itself, tells a loop of looks. */
function confidenceOf({ thread, frames }: ThreadFacts, call: LoopCall): Confidence | undefined {
  if (thread.gil !== 'holds' || thread.progress === 'moving') return undefined;
  if (thread.progress === 'spinning') return 'likely';
  const own = frames.slice(0, call.loop).filter(isOwn);
  const [innermost] = own;
  if (innermost === undefined) return undefined;
  const looks = LOOKS.test(innermost.plain) && own.length <= LOOK_DEPTH;
  return looks || (own.length === 1 && ROUNDS.test(innermost.plain)) ? 'possible' : undefined;
}

/** Names of coroutines that live as long as the program, in a loop: "heartbeat", "poll_state", "wait_until_open". */
const ROUNDS = /beat|poll|wait|watch|monitor|loop|keep_?alive|listen|consume|worker|retry|spin|forever|until/i;

/** A look stands near the coroutine that loops; deeper code is at work on something. */
const LOOK_DEPTH = 4;

function isOwn({ frame, plumbing }: KnownFrame): boolean {
  return frame.language === 'python' && !plumbing;
}

function marksOf({ frames }: ThreadFacts, { loop, library }: LoopCall): readonly (readonly [number, string])[] {
  const innermost = frames.findIndex(isOwn);
  const coroutine = frames.findIndex(({ frame }, index) => index > innermost && index < loop && isUserCode(frame));
  return [
    [innermost, 'only looks at a state'],
    ...(coroutine < 0 ? [] : [[coroutine, 'asks in a loop'] as const]),
    [loop, `the event loop (${library}) runs a callback`],
  ];
}
