import { z } from 'zod';

// All values are strings in MI (gdb/stack.c, gdb/thread.c); the schema reads the text of MI and pygdbmi's JSON alike.
const text = z.string().optional().catch(undefined);
const number = z.coerce.number().int().nonnegative().optional().catch(undefined);

const variable = z.object({ name: z.string(), value: z.string().catch('') });
const variables = z.array(variable).catch([]);

const frame = z.object({
  level: number,
  addr: text,
  func: text,
  file: text,
  fullname: text,
  line: number,
  from: text,
  args: variables,
});
const framesSchema = z.array(frame);

const threadSchema = z.object({
  id: z.coerce.string(),
  'target-id': text,
  name: text,
  frame: frame.optional().catch(undefined),
});

const list = z.array(z.unknown()).optional().catch(undefined);
const payloadSchema = z.object({
  stack: list,
  threads: list,
  'stack-args': list,
  'current-thread-id': text,
  'new-thread-id': text,
  'thread-id': text,
  pid: number,
  msg: text,
});
const stackArgsSchema = z.array(z.object({ level: z.coerce.number(), args: variables }));

export type MiFrame = z.infer<typeof frame>;
type MiThread = z.infer<typeof threadSchema>;
export type MiPayload = z.infer<typeof payloadSchema>;
type MiStackArgs = z.infer<typeof stackArgsSchema>;

export function readPayload(value: unknown): MiPayload | undefined {
  return payloadSchema.safeParse(value).data;
}

/** Frames in order; those that a frame filter hides behind another are unfolded. */
export function readMiFrames(values: readonly unknown[]): MiFrame[] {
  return framesSchema.safeParse(values.flatMap(unfold)).data ?? [];
}

export function readMiThreads(values: readonly unknown[]): MiThread[] {
  return values.flatMap((value) => threadSchema.safeParse(value).data ?? []);
}

export function readMiStackArgs(values: readonly unknown[]): MiStackArgs {
  return stackArgsSchema.safeParse(values).data ?? [];
}

const parent = z.object({ children: z.array(z.unknown()) });

function unfold(value: unknown): unknown[] {
  const children = parent.safeParse(value).data?.children ?? [];
  return [value, ...children];
}
