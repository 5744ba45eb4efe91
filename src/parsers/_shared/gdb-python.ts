/** A Python frame as CPython's gdb helper prints it (Tools/gdb/libpython.py, helpers of 2.7 to 3.13 seen). */
export interface PythonFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number | undefined;
  /** Address of the frame object, where it is printed: equal for two C frames of one call. */
  readonly object: string | undefined;
  /** What stands between the parentheses, as printed and perhaps cut. */
  readonly locals: string;
}

/** What an item of a Python backtrace says besides its frames. */
export type Marker =
  | { readonly says: 'collecting' | 'waits-for-gil' | 'nothing' }
  | { readonly says: 'c-function'; readonly function: string; readonly self: string | undefined }
  | { readonly says: 'unreadable-frame' };

// '  File "/srv/net.py", line 40, in read'; "line ?" when the helper fails to compute it
const ITEM = /^\s*File "(.*)", line (\d{1,9}|\?), in (.*)$/;
const ITEM_START = /^\s*File "/;
// "Frame 0x7f10cc, for file /srv/my app/net.py, line 40, in read (self=<Conn at remote 0x7f10dd>)"; the path is not quoted
const OBJECT = /Frame (0x[0-9a-fA-F]+), for file /y;
const OBJECT_LINE = /, line (\d{1,9}|\?), in /g;
// "file '/usr/lib64/python2.6/threading.py', in 'wait'": the helper of Python 2.6, which knows no lines
const SUMMARY = /file '(.*)', in '([^']*)'\s*$/y;
// "<built-in method recv of _socket.socket object at remote 0x7f10bb>"
const BUILT_IN = /^<built-in (?:method|function) (\S+?)(?: of (.+ object at remote 0x[0-9a-f]+))?>$/;
// "<built-in method <built-in method acquire of _thread.RLock object> of remote 0x7f3a>": retold by hand, the inner one counts
const NESTED = /^<built-in (?:method|function) (?:<built-in (?:method|function) )?([^<>]+?)(?: of ([^<>]*))?>/;
// "<method-wrapper '__init__' of Conn object at 0x7f10bb>"
const WRAPPER = /^<method-wrapper '?([^' ]+)'? of (.+)>$/;
// "PyCFunction invocation (unable to read func: missing debuginfos?)", "<builtin_method at remote 0x7f634a73c9a0>"
const UNREADABLE =
  /^(?:PyCFunction invocation \(|<wrapper_call invocation \(|<builtin_(?:method|function)[\w.]* at remote )/;
const MARKERS = new Map<string, Marker>([
  ['Waiting for the GIL', { says: 'waits-for-gil' }],
  ['Waiting for a lock (e.g. GIL)', { says: 'waits-for-gil' }],
  ['Garbage-collecting', { says: 'collecting' }],
  ['(frame information optimized out)', { says: 'unreadable-frame' }],
  ['(unable to read python frame information)', { says: 'unreadable-frame' }],
  ['(not a python frame)', { says: 'nothing' }],
  ['(failed to get frame line number)', { says: 'nothing' }],
]);

export const TRACEBACK = 'Traceback (most recent call first):';

export function isItemStart(text: string): boolean {
  return ITEM_START.test(text);
}

/** Reads an item of `py-bt`. */
export function readItem(text: string): PythonFrame | undefined {
  const [, file, line, name] = ITEM.exec(text) ?? [];
  if (file === undefined || name === undefined) return undefined;
  return { function: name.trimEnd(), file, line: lineNumber(line), object: undefined, locals: '' };
}

/** Reads a pretty-printed frame object: an element of `py-bt-full`, or the value of an argument in a plain `bt`. */
export function readFrameObject(text: string, from: number): PythonFrame | undefined {
  SUMMARY.lastIndex = from;
  const [, path, called] = SUMMARY.exec(text) ?? [];
  if (path !== undefined && called !== undefined)
    return { function: called, file: path, line: undefined, object: undefined, locals: '' };
  OBJECT.lastIndex = from;
  const [head, object] = OBJECT.exec(text) ?? [];
  if (head === undefined || object === undefined) return undefined;
  OBJECT_LINE.lastIndex = from + head.length;
  const line = OBJECT_LINE.exec(text);
  if (line === null) return undefined;
  const name = line.index + line[0].length;
  const open = text.indexOf(' (', name);
  const end = open < 0 ? text.length : open;
  const close = text.endsWith(')') && !text.endsWith('(truncated)') ? -1 : undefined;
  return {
    function: text.slice(name, end).trim(),
    file: text.slice(from + head.length, line.index),
    line: lineNumber(line[1]),
    object: object.toLowerCase(),
    locals: open < 0 ? '' : text.slice(open + 2, close),
  };
}

/** Reads an item that is no frame. */
export function readMarker(text: string): Marker | undefined {
  const item = text.trim();
  const known = MARKERS.get(item);
  if (known !== undefined) return known;
  const [, name, self] = BUILT_IN.exec(item) ?? WRAPPER.exec(item) ?? [];
  if (name !== undefined) return { says: 'c-function', function: name, self };
  const [, nested, of] = NESTED.exec(item) ?? [];
  // "Waiting for a lock (e.g. GIL)": the helper of Python 2.
  if (nested?.startsWith('Waiting for ') === true) return { says: 'waits-for-gil' };
  if (nested !== undefined) return { says: 'c-function', function: nested.split(' ')[0] ?? '', self: of };
  const isUnreadable = UNREADABLE.test(item);
  return isUnreadable ? { says: 'c-function', function: '', self: undefined } : undefined;
}

function lineNumber(printed: string | undefined): number | undefined {
  return printed === undefined || printed === '?' ? undefined : Number(printed);
}
