import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { lockSight, lockTaker } from '../../analysis/lock-sight.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import type { Confidence } from '../../model/diagnosis.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'log-handler-lock-held',
  cause: 'lock-order-inversion',
  library: 'logging',
  title: 'a log call waits for the lock of a handler whose holder does not give it back',
  summary:
    'Each log handler has a lock that is held while it writes. The thread wants that lock. Its holder writes to something that waits for this thread, or was interrupted between taking and releasing it.',
  explanation:
    'A handler that hands records to a queue, a socket or a service takes further locks under the lock of the handler. If the code behind those locks logs, two threads take the two locks in opposite orders. An exception that is raised into a thread from outside (PyThreadState_SetAsyncExc, a second Ctrl-C) between acquire and release leaves the lock taken for ever.',
  general: true,
  signatures: [],
  match,
  needs: [
    'all threads with their Python frames: py-spy dump --pid PID',
    'for the C frames as well: py-spy dump --native --pid PID',
  ],
  notWhen: [
    'another thread writes a record to a slow disk or pipe: the lock moves on',
    'the process was forked: then the holder may have stayed in the parent',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Look for the thread inside emit() of the same handler: what it waits for is the root.',
      command: 'py-spy dump --pid PID',
    },
    {
      kind: 'fix',
      step: 'Keep the loggers of the library that carries the records (HTTP client, authentication, database) away from the handler: set their propagate to False, or filter them.',
    },
    {
      kind: 'prevent',
      step: 'Log through logging.handlers.QueueHandler with a queue.SimpleQueue and let one QueueListener do what may block. Raise no exceptions into other threads.',
    },
    { kind: 'verify', step: 'With the transport slowed down and its logger at DEBUG, all threads go on.' },
  ],
  references: [
    {
      title: 'googleapis/google-cloud-python#2780',
      url: 'https://github.com/googleapis/google-cloud-python/issues/2780',
      establishes: 'a background transport logs while it holds the lock that the handler wants',
    },
    {
      title: 'Significant-Gravitas/AutoGPT#10634',
      url: 'https://github.com/Significant-Gravitas/AutoGPT/pull/10634',
      establishes:
        'a handler sent a record by gRPC under its lock, the call did not return, and every log call waited for hours',
    },
    {
      title: 'cmusatyalab/opendiamond#28',
      url: 'https://github.com/cmusatyalab/opendiamond/issues/28',
      establishes: 'an exception raised by a signal left a lock of logging taken',
    },
    {
      title: 'Python library: logging, handler objects',
      url: 'https://docs.python.org/3/library/logging.html#logging.Handler.handle',
      establishes: 'handle() wraps emit() in the acquisition of the handler’s lock',
    },
  ],
});

/** One thread wants the lock of a handler; another is perhaps inside a handler's emit() and stands at a lock itself. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const wanting = own.filter((thread) => lockSight(thread) === 'seen' && innermostOf(thread).some(isHandlerLock));
    const writing = own.filter((thread) => !wanting.includes(thread) && thread.frames.some(isEmit));
    // Who writes, or waits for something else than a lock, goes on some day.
    if (wanting.length === 0 || (writing.length > 0 && writing.every((thread) => !mayWantLock(thread)))) continue;
    if (writing.some(({ thread }) => thread.activity === undefined && thread.wait === undefined)) continue;
    yield {
      confidence: confidenceOf(wanting, writing),
      threads: [
        ...wanting.map((thread) => witness(thread, 'wants the lock of a log handler')),
        ...writing.map((thread) =>
          witness(thread, 'is inside a log handler, and waits there', [
            { find: isEmit, note: "runs under the handler's lock" },
          ]),
        ),
      ],
    };
  }
}

/** What the writer waits for is held by one of those that want to log, where their code is the same. */
function confidenceOf(wanting: readonly ThreadFacts[], writing: readonly ThreadFacts[]): Confidence {
  const isPair = writing.some((writer) => {
    return lockSight(writer) === 'seen' && wanting.some((thread) => sharesCode(writer, thread));
  });
  const isStuck = wanting.every(({ thread }) => thread.progress === 'stuck');
  return isPair || (isStuck && writing.length === 0) ? 'likely' : 'possible';
}

/** A writer at a line that is not seen to want a lock most likely writes. */
function mayWantLock(writer: ThreadFacts): boolean {
  const sight = lockSight(writer);
  const taker = writer.frames[lockTaker(writer.frames) ?? -1]?.plain ?? '';
  return sight === 'seen' || (sight === 'hidden' && !/write|send|flush|emit|post|publish|upload|insert/i.test(taker));
}

/** The Python frames in which a log call may stand at the lock. */
function innermostOf({ frames }: ThreadFacts): KnownFrame[] {
  return frames.filter(({ frame }) => frame.language === 'python').slice(0, 4);
}

function isHandlerLock({ frame, plain }: KnownFrame): boolean {
  return /^_?acquire(?:Lock)?$/.test(plain) && isAt(frame, 'logging/__init__.py');
}

function isEmit({ frame, plain }: KnownFrame): boolean {
  return /^_?emit$/.test(plain) && frame.language === 'python';
}

function sharesCode(writer: ThreadFacts, other: ThreadFacts): boolean {
  const until = writer.frames.findIndex(isEmit);
  const files = new Set(writer.frames.slice(0, until + 1).map(({ frame }) => frame.file));
  return other.frames.some(({ frame }) => {
    return (
      frame.file !== undefined && !/logging.__init__\.py$|threading\.py$/.test(frame.file) && files.has(frame.file)
    );
  });
}
