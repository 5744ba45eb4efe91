import { type GdbThread, NO_THREAD } from './gdb-identity.ts';
import type { Listing } from './gdb-listing.ts';

/**
 * Logs of MI often hold the answers without the commands, so that a stack does not say whose it is. Its innermost
 * frame is also in the table of threads: if the stacks agree with that table one by one, or a stack with a single
 * thread, or a lone stack with the current thread, it is that thread's. Else it stays without a number.
 */
export function assignThreads(
  listings: readonly Listing[],
  threads: ReadonlyMap<string, GdbThread>,
  current: string | undefined,
): void {
  const rows = listings.filter(({ shape }) => shape === 'row');
  const nameless = listings.filter(({ shape, thread }) => shape === 'backtrace' && thread === NO_THREAD);
  const isInOrder = nameless.length === rows.length && nameless.every((stack, index) => hasSameTop(stack, rows[index]));
  const owners = new Map<string, Listing[]>();
  for (const row of rows) owners.set(topOf(row), [...(owners.get(topOf(row)) ?? []), row]);
  nameless.forEach((stack, index) => {
    const [only, ...others] = owners.get(topOf(stack)) ?? [];
    const owner = isInOrder ? rows[index] : others.length === 0 ? only : undefined;
    stack.thread = owner?.thread ?? stack.thread;
  });
  const [stack] = nameless;
  const selected = current === undefined ? undefined : threads.get(current);
  if (nameless.length !== 1 || stack === undefined || stack.thread !== NO_THREAD || selected === undefined) return;
  if (rows.some((row) => row.thread.id === current && hasSameTop(stack, row))) stack.thread = selected;
}

/** What the console printed without a header is of the current thread, if it begins where that thread stands. */
export function assignPrinted(
  printed: readonly Listing[],
  known: readonly Listing[],
  selected: GdbThread | undefined,
): void {
  const row = known.find(({ shape, thread }) => shape === 'row' && thread.id === selected?.id);
  for (const listing of printed) {
    if (listing.thread === NO_THREAD && hasSameTop(listing, row)) listing.thread = row?.thread ?? NO_THREAD;
  }
}

/** `-stack-list-frames` leaves out the arguments, the table of threads shows those of the innermost frames. */
export function lendArguments(listings: readonly Listing[]): void {
  const rows = new Map(listings.filter(({ shape }) => shape === 'row').map((row) => [row.thread.id, row]));
  for (const { shape, thread, entries } of listings) {
    const [entry] = entries;
    const row = rows.get(thread.id)?.entries[0]?.frame;
    if (shape !== 'backtrace' || entry === undefined || entry.frame.arguments.length > 0) continue;
    if (row?.function !== entry.frame.function || row.address !== entry.frame.address) continue;
    entries[0] = { ...entry, frame: { ...entry.frame, arguments: row.arguments } };
  }
}

function hasSameTop(stack: Listing, row: Listing | undefined): boolean {
  return row !== undefined && topOf(stack) === topOf(row);
}

function topOf({ entries }: Listing): string {
  const frame = entries[0]?.frame;
  return `${frame?.address} ${frame?.function}`;
}
