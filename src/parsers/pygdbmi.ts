import { z } from 'zod';
import { type MiRecord, readMi } from './_shared/gdb-mi-session.ts';
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
const response = z.object({
  type: z.enum(['result', 'notify', 'console', 'log', 'target', 'output', 'done']),
  message: z.string().nullable(),
  payload: z.unknown(),
  token: z.number().nullish().catch(undefined),
});
const responses = z.union([z.array(response).min(1), response.transform((one) => [one])]);

function readResponses(value: unknown): Omit<MiRecord, 'line'>[] | undefined {
  return responses.safeParse(value).data?.map(({ type, message, payload, token }) => ({
    kind: type === 'result' || type === 'notify' || type === 'console' ? kinds[type] : 'other',
    name: message ?? '',
    payload,
    token: typeof token === 'number' ? String(token) : undefined,
  }));
}

// The schema only recognises, and lets everything in the frames through.
const frame = z
  .looseObject({ level: z.coerce.number(), addr: z.string().optional(), func: z.string().optional() })
  .refine(({ addr, func }) => addr !== undefined || func !== undefined);
const thread = z.looseObject({ id: z.string(), 'target-id': z.string() });
const payload = z.union([
  z.object({ stack: z.array(frame).min(1) }),
  z.object({ threads: z.array(thread).min(1), 'current-thread-id': z.string().optional() }),
]);
const payloads = z.union([payload.transform((one) => [one]), z.array(payload).min(1)]);
const frames = z.array(frame).min(1);

function readPayloads(value: unknown): unknown[] | undefined {
  const found = payloads.safeParse(value).data;
  return found ?? frames.safeParse(value).data?.reduce(addToStack, []);
}

/** The input layer joins neighbouring lists, so a level that does not rise begins another stack. */
function addToStack(
  stacks: { stack: z.infer<typeof frames> }[],
  next: z.infer<typeof frame>,
): { stack: z.infer<typeof frames> }[] {
  const last = stacks.at(-1);
  const before = last?.stack.at(-1)?.level ?? Number.POSITIVE_INFINITY;
  if (last === undefined || next.level <= before) stacks.push({ stack: [next] });
  else last.stack.push(next);
  return stacks;
}
