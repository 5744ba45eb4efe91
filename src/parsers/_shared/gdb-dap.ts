import { makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import type { Process } from '../../model/process.ts';
import { readBody } from './gdb-frame.ts';
import { bareName } from './gdb-function-name.ts';
import { type GdbThread, NO_THREAD } from './gdb-identity.ts';
import { type Listing, startListing } from './gdb-listing.ts';
import { markSharedAddresses } from './gdb-mi-session.ts';
import { toProcesses } from './gdb-processes.ts';
import { learnPid, startStop } from './gdb-stop.ts';
import {
  anything,
  boolean,
  list,
  maybe,
  number,
  orElse,
  readShape,
  record,
  type Shape,
  type Shaped,
  string,
  word,
} from './json-shape.ts';

// gdb/python/lib/gdb/dap/bt.py, threads.py, sources.py; the fields of gdb 14 to 16.
const text = orElse(maybe(string), undefined);
const maybeNumber = orElse(maybe(number), undefined);
const moduleId: Shape<string | undefined> = (value) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
const frame = record({
  name: orElse(string, ''),
  line: maybeNumber,
  instructionPointerReference: text,
  moduleId,
  source: orElse(maybe(record({ name: text, path: text })), undefined),
});
const stack = record({ stackFrames: list(frame), totalFrames: maybeNumber });
const threads = record({ threads: list(record({ id: number, name: text })) });
const message = record({
  type: word('request', 'response', 'event'),
  seq: maybeNumber,
  request_seq: maybeNumber,
  command: text,
  event: text,
  success: orElse(maybe(boolean), undefined),
  arguments: orElse(maybe(record({ threadId: maybeNumber, pid: maybeNumber })), undefined),
  body: anything,
});
const processEvent = record({ systemProcessId: number });
const nested = record({ body: stack });

type DapStack = Shaped<typeof stack>;
export type DapMessage = Pick<Shaped<typeof message>, 'type' | 'command' | 'body'> & Partial<Shaped<typeof message>>;
type DapFrame = Shaped<typeof frame>;

/** A message or a bare body, with the line that it stands in. */
export interface DapRecord {
  readonly value: DapMessage;
  readonly line: number;
}

/** Recognises a message of the protocol; a request or a response names its command, an event itself. */
export function readMessage(value: unknown): DapMessage | undefined {
  const found = readShape(message, value);
  return found === undefined || (found.command ?? found.event) === undefined ? undefined : found;
}

/** A body that was pasted without its message. */
export function readBareBody(value: unknown): DapMessage | undefined {
  const body = readShape(nested, value)?.body ?? readShape(stack, value);
  if (body === undefined) return undefined;
  return { type: 'response', command: 'stackTrace', success: true, body };
}

/** Pairs each answer with the request that tells the thread. */
export function readDap(records: readonly DapRecord[], source: string, line: number): Process[] {
  const stop = startStop({ source, line });
  const asked = new Map<number, number>();
  const names = new Map<number, string | undefined>();
  for (const { value, line: at } of records) {
    const { type, command, body } = value;
    const pid = value.arguments?.pid ?? readShape(processEvent, body)?.systemProcessId;
    if (pid !== undefined) learnPid(stop, '1.', pid);
    const thread = value.arguments?.threadId;
    if (type === 'request' && value.seq !== undefined && thread !== undefined) asked.set(value.seq, thread);
    if (type !== 'response') continue;
    for (const { id, name } of readShape(threads, body)?.threads ?? []) names.set(id, name);
    const printed = command === 'stackTrace' ? readShape(stack, body) : undefined;
    if (printed === undefined) continue;
    stop.listings.push(toListing(printed, identify(asked.get(value.request_seq ?? -1)), { source, line: at }));
  }
  nameThreads(stop.listings, names);
  return toProcesses([stop]);
}

/**
 * What gdb sends does not tell whose a stack is, only the request does. Without requests, as many stacks as threads
 * are taken to be in the order in which the threads were listed; else they stay without a number.
 */
function nameThreads(listings: readonly Listing[], names: ReadonlyMap<number, string | undefined>): void {
  const ids = [...names.keys()];
  const isInOrder = listings.length === ids.length && listings.every(({ thread }) => thread === NO_THREAD);
  listings.forEach((listing, index) => {
    const thread = isInOrder ? identify(ids[index]) : listing.thread;
    const name = thread.id === '' ? undefined : names.get(Number(thread.id));
    listing.thread = name ? { ...thread, name } : thread;
    listing.isHeaded = thread.id !== '' && names.size > 0;
  });
}

function identify(id: number | undefined): GdbThread {
  return id === undefined ? NO_THREAD : { ...NO_THREAD, id: String(id) };
}

function toListing({ stackFrames, totalFrames }: DapStack, thread: GdbThread, place: Place): Listing {
  const listing = startListing({ thread, shape: 'backtrace', isHeaded: false, place });
  stackFrames.forEach((printed, level) => {
    addFrame(listing, level, printed, place);
  });
  listing.isTruncated = totalFrames !== undefined && totalFrames > stackFrames.length;
  markSharedAddresses(listing);
  return listing;
}

// What a StackFrameFormat adds: "poll (fds=0x7f.., nfds=1), line 29, module libc.so.6"
const FORMATTED = /(?:, line \d+)?(?:, module .*)?$/;

/** Other adapters, such as debugpy, answer in the same form: what their sources are tells the language. */
function addFrame(listing: Listing, level: number, printed: DapFrame, place: Place): void {
  const file = printed.source?.path ?? printed.source?.name;
  const isPython = file?.endsWith('.py') === true;
  const module = printed.moduleId?.includes('/') ? printed.moduleId : undefined;
  const native = isPython ? undefined : readBody(printed.name.replace(FORMATTED, ''), 0);
  const code = makeFrame({
    language: isPython ? 'python' : 'native',
    function: native?.function ?? (isPython ? printed.name : nativeName(printed.name)),
    arguments: native?.arguments ?? [],
    file,
    line: printed.line === 0 ? undefined : printed.line,
    module,
    address: printed.instructionPointerReference?.toLowerCase(),
    place,
  });
  listing.entries.push({ level, isPython, frame: code });
}

function nativeName(printed: string): string {
  // Early versions print ??? for what every other output of gdb calls ??.
  return printed === '???' ? '??' : bareName(printed.replace(FORMATTED, ''));
}
