import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';
import { addressOf, argumentOf } from './addresses.ts';
import type { ThreadFacts } from './facts.ts';

/** A thread that waits for another one to end. */
export interface Join {
  readonly waiter: ThreadFacts;
  readonly target: ThreadFacts;
  readonly inferred: boolean;
  readonly why: string;
}

/** @param threads all threads of one process */
export function readJoins(threads: readonly ThreadFacts[]): Join[] {
  const waiters = threads.filter(joins);
  if (waiters.length === 0) return [];
  const byObject = new Map(
    threads.flatMap((thread) => threadObject(thread).map((address): [string, ThreadFacts] => [address, thread])),
  );
  const byPthread = new Map(
    threads.flatMap((thread) =>
      thread.thread.pthreadId === undefined ? [] : [[thread.thread.pthreadId, thread] as const],
    ),
  );
  const started = threads.filter(startedByPython);
  return waiters.flatMap((waiter) => joinOf(waiter, { started, byObject, byPthread }) ?? []);
}

interface Known {
  readonly started: readonly ThreadFacts[];
  readonly byObject: ReadonlyMap<string, ThreadFacts>;
  readonly byPthread: ReadonlyMap<string, ThreadFacts>;
}

function joinOf(waiter: ThreadFacts, { started, byObject, byPthread }: Known): Join | undefined {
  const object = joinedObject(waiter);
  const byThread = object === undefined ? undefined : byObject.get(object);
  if (byThread !== undefined)
    return { waiter, target: byThread, inferred: false, why: 'the Thread object that is joined runs there' };
  const pthread = joinedPthread(waiter);
  const native = pthread === undefined ? undefined : byPthread.get(pthread);
  if (native !== undefined)
    return { waiter, target: native, inferred: false, why: 'the thread id given to pthread_join' };
  // Native code joins threads of its own.
  if (!waiter.frames.some(isPythonsJoin)) return undefined;
  // Three are enough to see that there are two others.
  const others = started.slice(0, 3).filter((thread) => thread !== waiter);
  const [only] = others;
  if (only === undefined || others.length > 1) return undefined;
  return { waiter, target: only, inferred: true, why: 'there is no other thread that could be joined' };
}

const JOINS = /^(?:join|_wait_for_tstate_lock|_shutdown|_join_thread)$/;

function joins({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ frame, plain, categories }) =>
      categories.has('thread-join') && (frame.language === 'native' || JOINS.test(plain)),
  );
}

function isPythonsJoin({ frame, plain, bare }: KnownFrame): boolean {
  return frame.language === 'python'
    ? isAt(frame, 'threading.py') && JOINS.test(plain)
    : /^_?_?(?:Py)?Thread|PyThread/.test(bare);
}

/** py-spy --locals: "self: <Thread at 0x7f96a8491890>" in join(). */
function joinedObject({ frames }: ThreadFacts): string | undefined {
  const frame = frames.find(
    ({ frame: one, plain }) => /^(?:_wait_for_tstate_lock|join)$/.test(plain) && isAt(one, 'threading.py'),
  )?.frame;
  return frame === undefined ? undefined : addressOf(argumentOf(frame, ['self']));
}

/** The same object in the outermost frames of the thread that it runs. */
function threadObject({ frames }: ThreadFacts): string[] {
  const frame = frames.find(
    ({ frame: one, plain }) => /^_bootstrap(?:_inner)?$/.test(plain) && isAt(one, 'threading.py'),
  )?.frame;
  const address = frame === undefined ? undefined : addressOf(argumentOf(frame, ['self']));
  return address === undefined ? [] : [address];
}

/** gdb: "__pthread_clockjoin_ex (threadid=140285…, …)". */
function joinedPthread({ frames }: ThreadFacts): string | undefined {
  const frame = frames.find(({ bare }) => /join/.test(bare))?.frame;
  const value = frame === undefined ? undefined : argumentOf(frame, ['threadid', 'thread_id', 'handle', 'th']);
  return value !== undefined && /^\d{6,}$/.test(value) ? `0x${BigInt(value).toString(16)}` : undefined;
}

function startedByPython({ frames }: ThreadFacts): boolean {
  return frames.some(({ frame, plain }) => plain === '_bootstrap' && isAt(frame, 'threading.py'));
}
