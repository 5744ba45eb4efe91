import { type MiRecord, readMi } from './_shared/gdb-mi-session.ts';
import {
  anything,
  list,
  maybe,
  nullable,
  number,
  numeral,
  orElse,
  readShape,
  record,
  type Shape,
  string,
  word,
} from './_shared/json-shape.ts';
import { defineJsonParser } from './parser.ts';

// Made by pygdbmi.gdbmiparser of the output of gdb --interpreter=mi3; also the frames or the payload alone.
// https://github.com/cs01/pygdbmi/blob/master/pygdbmi/gdbmiparser.py
export default defineJsonParser({
  format: 'pygdbmi',
  tool: 'gdb',
  title: 'pygdbmi JSON: list of responses, or the frames of a stack',
  accepts: (value) => readResponses(value) !== undefined || readPayloads(value) !== undefined,
  parse({ source, value, line }) {
    const at = { text: '', number: line };
    const known = { kind: 'result', name: 'done', token: undefined, line: at } as const;
    const records: readonly MiRecord[] =
      readResponses(value)?.map((response) => ({ ...response, line: at })) ??
      readPayloads(value)?.map((payload) => ({ ...known, payload })) ??
      [];
    return readMi(records, source, line);
  },
});

const kinds = { result: 'result', notify: 'notify', console: 'console' } as const;
const response = record({
  type: word('result', 'notify', 'console', 'log', 'target', 'output', 'done'),
  message: nullable(string),
  payload: anything,
  token: orElse(maybe(number), undefined),
});

function readResponses(value: unknown): Omit<MiRecord, 'line'>[] | undefined {
  return readSome(response, value)?.map(({ type, message, payload, token }) => ({
    kind: type === 'result' || type === 'notify' || type === 'console' ? kinds[type] : 'other',
    name: message ?? '',
    payload,
    token: token === undefined ? undefined : String(token),
  }));
}

/** One or several in a list that is not empty. */
function readSome<Value>(shape: Shape<Value>, value: unknown): Value[] | undefined {
  const found = readShape(list(shape), Array.isArray(value) ? value : [value]);
  return found?.length === 0 ? undefined : found;
}

// The shapes only recognise: everything in the frames is let through.
const frame = record({ level: numeral, addr: maybe(string), func: maybe(string) });
const stack = record({ stack: list(anything) });
const threads = record({
  threads: list(record({ id: string, 'target-id': string })),
  'current-thread-id': maybe(string),
});

function readPayloads(value: unknown): unknown[] | undefined {
  const payloads = Array.isArray(value) ? value : [value];
  if (payloads.length > 0 && payloads.every(isPayload)) return payloads;
  const frames = readSome(anything, value);
  return frames?.every(isFrame) ? frames.reduce<{ stack: unknown[] }[]>(addToStack, []) : undefined;
}

function isPayload(value: unknown): boolean {
  const frames = readShape(stack, value)?.stack ?? [];
  if (frames.length > 0 && frames.every(isFrame)) return true;
  return (readShape(threads, value)?.threads.length ?? 0) > 0;
}

function isFrame(value: unknown): boolean {
  const found = readShape(frame, value);
  return found !== undefined && (found.addr ?? found.func) !== undefined;
}

function levelOf(value: unknown): number {
  return readShape(frame, value)?.level ?? 0;
}

/** The input layer joins neighbouring lists, so a level that does not rise begins another stack. */
function addToStack(stacks: { stack: unknown[] }[], next: unknown): { stack: unknown[] }[] {
  const last = stacks.at(-1);
  const before = last === undefined ? Number.POSITIVE_INFINITY : levelOf(last.stack.at(-1));
  if (last === undefined || levelOf(next) <= before) stacks.push({ stack: [next] });
  else last.stack.push(next);
  return stacks;
}
