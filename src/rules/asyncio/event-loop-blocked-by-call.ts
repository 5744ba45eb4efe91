import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { type LoopCall, loopCallOf } from '../../analysis/loops.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import type { Confidence, EvidenceFrame } from '../../model/diagnosis.ts';
import type { Thread } from '../../model/thread.ts';
import type { Wait, WaitKind } from '../../model/wait.ts';
import { processesWithJobs, waitsForOwnFuture } from '../_shared/loop-futures.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'event-loop-blocked-by-call',
  cause: 'event-loop-blocked',
  library: 'asyncio',
  title: 'a blocking call stands inside the event loop',
  summary:
    'The event loop runs one callback at a time. The one that it runs now waits in a blocking call, and until that returns nothing else of the loop goes on: no other request, no timer, no cancellation.',
  explanation:
    'A coroutine, a green thread of gevent or eventlet, and a callback of Twisted or tornado give control back only where they await or yield. Calls that block (time.sleep, requests, database drivers, file and socket reads, locks, C libraries that gevent cannot patch) do not, so the whole loop waits with them: for seconds if the other side answers, for ever if it does not.',
  signatures: [
    // psycopg2 for green threads waits by a callback of the hub; libpq's own wait stops the hub.
    {
      find: 'c:psyco_exec_green! -> c:PQgetResult! -> c:#poll$',
      confidence: 'possible',
      notes: {
        'c:psyco_exec_green!': 'runs a statement for a green thread',
        'c:PQgetResult!': "libpq's own wait, which blocks",
      },
    },
  ],
  match,
  needs: ['the Python frames: py-spy dump --pid PID', 'what the call waits for: py-spy dump --native --pid PID'],
  notWhen: [
    'the loop rests in select(): it waits for work',
    'the callback computes: the thread holds the GIL, or two moments differ',
    'the loop is that of a notebook, which runs a cell',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'If the call waits for another service, restarting or reaching that frees the loop; otherwise restart the process.',
      command: "ss -tnp | grep 'pid=PID,'",
    },
    {
      kind: 'fix',
      step: 'Use the asynchronous counterpart (asyncio.sleep, aiohttp or httpx.AsyncClient, asyncpg), or move the call off the loop: await asyncio.to_thread(function, …); with gevent gevent.get_hub().threadpool.apply(function), with Twisted threads.deferToThread(function).',
    },
    {
      kind: 'prevent',
      step: 'Give every network call a timeout, and let loop.slow_callback_duration warn of what blocks. With gevent and eventlet patch before any other import, and use drivers that know of it (psycogreen, grpc.experimental.gevent).',
    },
    {
      kind: 'verify',
      step: 'Debug mode names callbacks that take longer than 100 ms.',
      command: 'PYTHONASYNCIODEBUG=1 python APP',
    },
  ],
  references: [
    {
      title: 'grpc/grpc#4629',
      url: 'https://github.com/grpc/grpc/issues/4629',
      establishes:
        'under gevent, gRPC waited natively in its completion queue on the thread of the hub; grpc.experimental.gevent (#14561, 2018) mends it, and was written anew for grpcio 1.51',
    },
    {
      title: 'Developing with asyncio: running blocking code',
      url: 'https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code',
      establishes: 'a blocking call delays all tasks of the loop; run_in_executor takes it off',
    },
  ],
});

/** Waits that a loop makes by itself, or that say nothing of the callback. */
const OTHER: ReadonlySet<WaitKind> = new Set<WaitKind>(['gil', 'stopped']);

function* match({ buckets, threads }: Facts): Iterable<Match> {
  const atWork = processesWithJobs(threads);
  for (const { sample, threads: alike } of buckets) {
    // A loop of a library's own, in a thread of its own, may rest in whatever it likes.
    const call = sample.thread.idleAs === undefined ? loopCallOf(sample) : undefined;
    if (call === undefined || waitsForOwnFuture(sample, call, atWork) !== undefined) continue;
    const confidence = confidenceOf(sample, call);
    if (confidence !== undefined)
      yield {
        confidence,
        threads: alike.map((thread) => ({ thread, note: noteOf(thread), frames: marksOf(thread, call) })),
      };
  }
}

function confidenceOf({ thread, frames, process }: ThreadFacts, call: LoopCall): Confidence | undefined {
  const { wait, gil, activity, progress, role } = thread;
  if (gil === 'holds' || progress === 'moving') return undefined;
  if (wait === undefined) return standsInCall(thread, frames) ? 'possible' : undefined;
  if (OTHER.has(wait.kind) || (wait.frames.at(-1) ?? 0) >= call.loop || isLoopsOwn(frames)) return undefined;
  if (isGreen(frames[call.loop]) && !(thread.view.native && thread.view.python))
    return ofHalfSeenGreen(thread, wait.kind, frames);
  if (!thread.view.python) return progress === 'stuck' || mayBlock(wait, frames) ? 'possible' : undefined;
  // Starting a thread or a child waits for a moment.
  const starts = frames.slice(0, call.loop).some(({ plain }) => plain === 'start' || plain === '_execute_child');
  // A call that does not block is seen as active; on musl everything is.
  if (starts || wait.timeout === 'some' || (activity === 'active' && progress !== 'stuck')) return 'possible';
  // What holds the lock, and whether it is this thread itself, is the question of other rules.
  if (!call.seen || (wait.kind === 'lock' && role !== 'victim') || frames.slice(0, call.loop).some(isSideways))
    return 'possible';
  const isPlain = thread.view.native || wait.kind !== 'condition' || progress === 'stuck';
  return isPlain || process.threads.length === 1 ? 'likely' : 'possible';
}

/**
 * A call whose wait no frame shows. py-spy sees whether it waits; other tools show at least that the loop is in a callback, and
 * not in select(), where one with nothing to do stands.
 */
function standsInCall(thread: Thread, frames: readonly KnownFrame[]): boolean {
  if (thread.view.native) return false;
  if (thread.activity === 'idle' || isAborted(frames) || isInterrupted(thread)) return true;
  // An exception says where it was raised, not where the loop stood.
  const isRaised = thread.notes.some((note) => note.startsWith('ended by '));
  return thread.activity === undefined && !isRaised && !isLoopsOwn(frames);
}

/** Sockets of asyncio's and tornado's streams do not block: who stands in their send() is at work. */
function isLoopsOwn(frames: readonly KnownFrame[]): boolean {
  const innermost = frames.find(({ frame }) => frame.language === 'python');
  if (innermost !== undefined) return STREAMS.some((place) => isAt(innermost.frame, place));
  // Without Python frames the select() of a hub written in Python looks like any other.
  return frames.some(({ bare }) => /^(?:select_(?:epoll|poll|select|kqueue)|pyepoll_|poll_poll$)/.test(bare));
}

const STREAMS = [
  'asyncio/',
  'tornado/',
  'twisted/internet/',
  'twisted/python/',
  'trio/',
  'anyio/',
  'uvloop/',
  'gevent/',
  'eventlet/',
] as const;

/**
 * Tools of gevent print green threads that wait as they should, and its locks have no Python frame. C frames alone do not tell
 * a socket of gevent, which never blocks, from another.
 */
function ofHalfSeenGreen(
  { view, progress }: Thread,
  kind: WaitKind,
  frames: readonly KnownFrame[],
): Confidence | undefined {
  const isSocketLike = (kind === 'read' || kind === 'write') && !frames.some(({ bare }) => PLAIN_FILE.test(bare));
  const mayBeGevents = !view.python && progress !== 'stuck' && isSocketLike;
  return mayBeGevents ? undefined : 'possible';
}

/** Files of C and of the io module, which block whatever is patched: "_IO_file_xsgetn", "_io_FileIO_readall_impl". */
const PLAIN_FILE = /^_*(?:(?:GI_+)?IO_(?:file_|fread)|fread|io_FileIO_)/;

/**
 * Without Python frames it may be a notebook that runs a cell, or wait for a future of its own, so that it is no more than
 * possible; and streams of the loop show no Python frame of theirs: their sockets do not block.
 */
function mayBlock({ kind, timeout }: Wait, frames: readonly KnownFrame[]): boolean {
  const isQuick = frames.some(
    ({ bare, frame }) =>
      bare === 'sock_call_ex' && frame.arguments.some(({ name, value }) => name === 'timeout' && value === '0'),
  );
  return !isQuick && kind !== 'write' && (timeout !== 'some' || kind === 'sleep');
}

/** Somebody lost patience, and the traceback of Ctrl-C shows not the loop but a callback. */
function isInterrupted({ notes }: Thread): boolean {
  return notes.includes('ended by KeyboardInterrupt');
}

/** gunicorn ends a worker that no longer answers: the traceback shows where its loop stood. */
function isAborted(frames: readonly KnownFrame[]): boolean {
  const [innermost] = frames;
  return innermost?.plain === 'handle_abort' && isAt(innermost.frame, 'gunicorn/workers/base.py');
}

function isGreen(loop: KnownFrame | undefined): boolean {
  return loop?.categories.has('green-thread') === true;
}

/** Code that the callback did not call by itself: what it waits for has reasons of its own. */
function isSideways({ categories }: KnownFrame): boolean {
  return (
    categories.has('finalizer') || categories.has('gc') || categories.has('signal-handler') || categories.has('import')
  );
}

function noteOf({ thread }: ThreadFacts): string {
  return thread.wait?.says ?? 'stands in a call that blocks';
}

function marksOf({ thread, frames }: ThreadFacts, { loop, library }: LoopCall): EvidenceFrame[] {
  const wait = thread.wait?.frames.at(-1);
  const caller = frames.findIndex(
    ({ frame, plumbing }, index) => frame.language === 'python' && !plumbing && index > (wait ?? -1),
  );
  const marks = new Map<number, string>();
  if (wait !== undefined) marks.set(wait, thread.wait?.says ?? '');
  if (caller >= 0 && caller < loop) marks.set(caller, 'makes the call');
  marks.set(
    loop,
    library === 'greenlet' || library === 'gevent'
      ? 'runs a green thread'
      : `the event loop (${library}) runs a callback`,
  );
  return [...marks].flatMap(([index, note]) => {
    const frame = thread.frames[index];
    return frame === undefined ? [] : [{ index, frame, note }];
  });
}
