/** A value of GDB/MI. The names of list elements, as in `stack=[frame={..},frame={..}]`, are left out, as pygdbmi does. */
type MiValue = string | readonly MiValue[] | { readonly [key: string]: MiValue };

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

const DEEPEST = 64;
const QUOTE = 34;
const BACKSLASH = 92;
// `thread-ids={thread-id="1",thread-id="2"}`
const NAME = /[\w-]+(?==)/y;
const ESCAPES = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['a', ''],
  ['e', ''],
]);

/**
 * Reads `name=value,name=value` from `from` on: the results of a record, see "GDB/MI Output Syntax" in gdb's manual.
 * A text that ends early gives what was complete.
 */
export function readResults(text: string, from: number): { readonly [key: string]: MiValue } {
  return readMembers({ text, at: from, depth: 0 }, '');
}

/** Reads the C string that begins at `from`: the payload of `~"..."`. */
export function readCString(text: string, from: number): string {
  return readString({ text, at: from, depth: 0 });
}

function readValue(cursor: Cursor): MiValue | undefined {
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === QUOTE) return readString(cursor);
  if (cursor.depth >= DEEPEST) return undefined;
  if (code === 123) return nested(cursor, () => readMembers(cursor, '}'));
  return code === 91 ? nested(cursor, () => readElements(cursor)) : undefined;
}

function nested<Value>(cursor: Cursor, read: () => Value): Value {
  cursor.at++;
  cursor.depth++;
  const value = read();
  cursor.depth--;
  return value;
}

function readMembers(cursor: Cursor, close: string): { readonly [key: string]: MiValue } {
  const members = new Map<string, MiValue[]>();
  while (cursor.at < cursor.text.length && !skipped(cursor, close)) {
    const name = readName(cursor);
    const value = name === undefined ? undefined : readValue(cursor);
    if (name === undefined || value === undefined) {
      cursor.at = cursor.text.length;
      break;
    }
    const known = members.get(name);
    if (known === undefined) members.set(name, [value]);
    else known.push(value);
    skipped(cursor, ',');
  }
  // A name that is repeated stands for a list.
  return Object.fromEntries(
    [...members].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

function readElements(cursor: Cursor): MiValue[] {
  const elements: MiValue[] = [];
  while (cursor.at < cursor.text.length && !skipped(cursor, ']')) {
    readName(cursor);
    const value = readValue(cursor);
    if (value === undefined) {
      cursor.at = cursor.text.length;
      break;
    }
    elements.push(value);
    skipped(cursor, ',');
  }
  return elements;
}

function readName(cursor: Cursor): string | undefined {
  NAME.lastIndex = cursor.at;
  const name = NAME.exec(cursor.text)?.[0];
  if (name !== undefined) cursor.at += name.length + 1;
  return name;
}

function skipped(cursor: Cursor, character: string): boolean {
  if (character === '' || cursor.text[cursor.at] !== character) return false;
  cursor.at++;
  return true;
}

function readString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 1;
  let end = start;
  let isEscaped = false;
  for (; end < text.length && text.charCodeAt(end) !== QUOTE; end++) {
    if (text.charCodeAt(end) !== BACKSLASH) continue;
    isEscaped = true;
    end++;
  }
  cursor.at = end + 1;
  const inside = text.slice(start, end);
  return isEscaped ? unescapeC(inside) : inside;
}

// "\n", "\303\251": gdb writes the bytes of UTF-8 as octal numbers
const ESCAPED = /(?:\\[0-7]{3})+|\\(.)/gs;
const OCTAL = /[0-7]{3}/g;

function unescapeC(text: string): string {
  return text.replace(ESCAPED, (whole: string, letter: string | undefined) => {
    if (letter !== undefined) return ESCAPES.get(letter) ?? letter;
    const bytes = whole.match(OCTAL)?.map((octal) => Number.parseInt(octal, 8) & 255) ?? [];
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}
