import type { Variable } from '../../model/frame.ts';
import { addLocal, type Entry, type Listing } from './gdb-listing.ts';

// "$1 = {__data = {__lock = 2, __count = 0, __owner = 15707, __nusers = 1, …": what `print` says
const PRINTED = /^\s*(\$\d{1,7}) = /;

// "p mutex->__data.__owner", "print lock.mutex.__data.__owner": a value whose name only the command tells
const OWNER_COMMAND = /^(?:p|print|inspect|output)\b.*\b(__owner|__cur_writer)\s*$/;

export function isPrinted(text: string): boolean {
  return PRINTED.test(text);
}

/**
 * Keeps a printed value with the frame that is selected: the lone one that `frame N` or `frame apply` has shown, else the
 * innermost of the backtrace.
 */
export function readPrinted(listing: Listing | undefined, text: string, command: string | undefined): boolean {
  const [head = '', name] = PRINTED.exec(text) ?? [];
  if (name === undefined || listing === undefined || listing.entries.length === 0) return false;
  const value = text.slice(head.length);
  const member = command === undefined ? undefined : OWNER_COMMAND.exec(command)?.[1];
  const known = { name, value: member === undefined ? value : `${member} = ${value}` };
  if (listing.entries.length === 1 || isBelow(listing)) addLocal(listing, known);
  else addTo(listing, 0, known);
  return true;
}

/** `frame apply all` prints frames with gaps between their numbers, each with its values below. */
function isBelow({ entries }: Listing): boolean {
  return entries.some(({ level }, index) => level !== (entries[0]?.level ?? 0) + index) || (entries[0]?.level ?? 0) > 0;
}

function addTo({ entries }: Listing, index: number, local: Variable): void {
  const entry = entries[index];
  if (entry !== undefined) entries[index] = withLocal(entry, local);
}

function withLocal(entry: Entry, local: Variable): Entry {
  const locals = [...entry.frame.locals, local];
  return { ...entry, frame: { ...entry.frame, locals } };
}

/** The list with the values that other lists of the same thread hold for its frames. */
export function withPrinted(main: Listing, others: readonly Listing[]): readonly Entry[] {
  const printed = others.flatMap(({ entries }) => entries.filter(holdsPrinted));
  if (printed.length === 0) return main.entries;
  return main.entries.map((entry) => {
    const same = printed.filter(
      ({ level, frame }) => !entry.isPython && level === entry.level && frame.function === entry.frame.function,
    );
    return same.flatMap(({ frame }) => frame.locals.filter(isPrintedValue)).reduce(withLocal, entry);
  });
}

function holdsPrinted({ frame }: Entry): boolean {
  return frame.locals.some(isPrintedValue);
}

function isPrintedValue({ name }: Variable): boolean {
  return name.startsWith('$');
}
