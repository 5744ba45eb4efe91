import type { KnownFrame } from '../frames/known-frame.ts';
import type { Frame } from '../model/frame.ts';

/** "0x7f4d33838080 <index_guard>", "<_thread.lock object at remote 0x7f96a8491680>", "<Thread at 0x7f96a8491890>" */
const ADDRESS = /0x[0-9a-f]{4,16}\b/g;

/** Every address that a text mentions, in order. */
function addressesIn(text: string): string[] {
  return text.match(ADDRESS) ?? [];
}

/** The first address of a value, unless it is null. */
export function addressOf(value: string | undefined): string | undefined {
  const address = value === undefined ? undefined : addressesIn(value)[0];
  return address === undefined || /^0x0+$/.test(address) ? undefined : address;
}

/** "0x7f4d33838080 <index_guard>": the name that the debugger has for an address. */
export function symbolOf(value: string): string | undefined {
  return /<([A-Za-z_][\w:]*)(?:\+\d+)?>/.exec(value)?.[1];
}

export function argumentOf(frame: Frame, names: readonly string[]): string | undefined {
  return frame.arguments.find(({ name }) => names.includes(name))?.value;
}

/** Addresses that a frame's arguments and locals mention. */
export function mentionedBy({ frame }: KnownFrame): string[] {
  return [...frame.arguments, ...frame.locals].flatMap(({ value }) => addressesIn(value));
}
