import {
  anything,
  list,
  maybe,
  numeral,
  orElse,
  readShape,
  record,
  type Shape,
  type Shaped,
  string,
} from './json-shape.ts';

// All values are strings in MI (gdb/stack.c, gdb/thread.c); the shapes read the text of MI and pygdbmi's JSON alike.
const text = orElse(maybe(string), undefined);
const number: Shape<number | undefined> = (value) => {
  const found = readShape(numeral, value);
  return found !== undefined && Number.isInteger(found) && found >= 0 ? found : undefined;
};
const id: Shape<string> = (value) => String(value);

const variable = record({ name: string, value: orElse(string, '') });
const variables = orElse(list(variable), []);

const frame = record({
  level: number,
  addr: text,
  func: text,
  file: text,
  fullname: text,
  line: number,
  from: text,
  args: variables,
});
const framesShape = list(frame);

const threadShape = record({
  id,
  'target-id': text,
  name: text,
  frame: orElse(maybe(frame), undefined),
});

const values = orElse(maybe(list(anything)), undefined);
const payloadShape = record({
  stack: values,
  threads: values,
  'stack-args': values,
  'current-thread-id': text,
  'new-thread-id': text,
  'thread-id': text,
  pid: number,
  msg: text,
});
const stackArgsShape = list(record({ level: numeral, args: variables }));

export type MiFrame = Shaped<typeof frame>;
type MiThread = Shaped<typeof threadShape>;
export type MiPayload = Shaped<typeof payloadShape>;
type MiStackArgs = Shaped<typeof stackArgsShape>;

export function readPayload(value: unknown): MiPayload | undefined {
  return readShape(payloadShape, value);
}

/** Frames in order; those that a frame filter hides behind another are unfolded. */
export function readMiFrames(printed: readonly unknown[]): MiFrame[] {
  return readShape(framesShape, printed.flatMap(unfold)) ?? [];
}

export function readMiThreads(printed: readonly unknown[]): MiThread[] {
  return printed.flatMap((value) => readShape(threadShape, value) ?? []);
}

export function readMiStackArgs(printed: readonly unknown[]): MiStackArgs {
  return readShape(stackArgsShape, printed) ?? [];
}

const parent = record({ children: list(anything) });

function unfold(value: unknown): unknown[] {
  const children = readShape(parent, value)?.children ?? [];
  return [value, ...children];
}
