import { type Frame, makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import { splitArguments } from '../_shared/gdb-arguments.ts';
import { bareName } from '../_shared/gdb-function-name.ts';
import { skipQuoted } from '../_shared/gdb-quotes.ts';
import { normaliseHex, parseNativeId } from '../_shared/thread-identity.ts';
import { parseLineNumber } from '../_shared/traceback-frames.ts';

// "* thread #1, name = 'python3', queue = 'com.apple.main-thread', stop reason = signal SIGSTOP",
// "  thread #2: tid = 11436, 0x00007fb29bea3f16 libc.so.6`poll + 10, name = 'feed'" of `thread list` and before 2016
const THREAD = /^\s*(?:\* ?)?thread #(?<id>\d+)(?:: tid = (?<tid>0x[0-9a-f]+|\d+))?(?<rest>[,:].*)?$/;

// ", name = 'wk (a):"b"', queue = …": the name may hold quotes and commas.
const NAME = /, name = '(?<name>.*?)'(?=, (?:queue|activity|stop reason|\d+ messages)|$)/;

// ", stop reason = signal SIGSTOP"
const STOP_REASON = /, stop reason = (?<reason>.+)$/;

// "  * frame #0: 0x0000000187afd3cc libsystem_kernel.dylib`__psynch_cvwait + 8"
const FRAME = /^\s*(?:\* ?)?frame #\d+: (?<address>0x[0-9a-f]+)(?: (?<rest>.*))?$/;

export const FRAME_HEAD = /^\s*(?:\* ?)?frame #\d+: 0x[0-9a-f]{8,16}(?: |$)/;

export const THREAD_HEAD =
  /^\s*(?:\* ?)?thread #\d+(?:, (?:name|queue|activity|stop reason) = |: tid = |, \d+ messages|$)/;

// "ceval_gil.h:240:13", behind the last " at "
const LOCATION = /^(?:(?<file>.+?):(?<line>\d+)(?::\d+)?|(?<bare>[\w./+-]+\.\w+))$/;

// "poll + 10"
const OFFSET = / \+ \d+$/;

// " [opt]", " [artificial]"
const MARKS = /(?: \[(?:opt|artificial)\])+$/;

// "Process 11434 stopped", "(lldb) process attach --pid 11434"
export const PROCESS =
  /^\s*(?:Process (?<stopped>\d+) (?:stopped|detached)|\(lldb\) process attach (?:--pid|-p) (?<attached>\d+))/;

// "(lldb) bt all"
export const PROMPT = /^\s*\(lldb\)(?: |$)/;

// "Executable module set to "/srv/app/feed"."
export const EXECUTABLE = /^\s*Executable module set to "(?<path>.*)"\.$/;

// What else lldb says, and the errors of its own scripts.
export const NOISE =
  /^\s*(?:\(lldb\)|Architecture set to: |error: .*DW_TAG|warning: |Core file '|Current executable set to |There is a running process|Target \d+: )/;

export interface ThreadLine {
  readonly id: string;
  readonly nativeId: number | undefined;
  readonly name: string | undefined;
  readonly reason: string | undefined;
}

export function parseThread(text: string): ThreadLine | undefined {
  const found = THREAD.exec(text)?.groups;
  if (found?.id === undefined || !THREAD_HEAD.test(text)) return undefined;
  const rest = found.rest ?? '';
  return {
    id: found.id,
    nativeId: parseNativeId(found.tid),
    name: NAME.exec(rest)?.groups?.name,
    reason: STOP_REASON.exec(rest)?.groups?.reason,
  };
}

export function parseFrame(text: string, place: Place): Frame | undefined {
  const found = FRAME.exec(text)?.groups;
  if (found?.address === undefined) return undefined;
  const address = normaliseHex(found.address);
  const rest = (found.rest ?? '').replace(MARKS, '');
  // The first back-tick ends the module; an argument may hold another one.
  const tick = rest.indexOf('`');
  const module = tick > 0 ? rest.slice(0, tick) : undefined;
  const described = rest.slice(tick + 1);
  // An argument may hold a place of its own: `main=(feed`main at queue.cpp:11:12)`.
  const at = described.lastIndexOf(' at ');
  const location = at < 0 ? null : LOCATION.exec(described.slice(at + ' at '.length));
  const called = (location === null ? described : described.slice(0, at)).replace(OFFSET, '');
  const file = location?.groups?.file ?? location?.groups?.bare;
  const line = parseLineNumber(location?.groups?.line);
  return makeFrame({ language: 'native', ...splitCall(called), file, line, module, address, place });
}

type Call = Pick<Frame, 'function' | 'arguments' | 'inlined'>;

const INLINED = ' [inlined] ';

/** "outer [inlined] inner(n=1)": the frame is that of `inner`; `outer` has one of its own below. */
function splitCall(text: string): Call {
  const at = text.lastIndexOf(INLINED);
  const called = (at >= 0 ? text.slice(at + INLINED.length) : text).trim();
  const list = findArguments(called);
  if (list === undefined) return { function: plainName(called), arguments: [], inlined: at >= 0 };
  return {
    function: plainName(called.slice(0, list.open) + called.slice(list.close + 1)),
    arguments: splitArguments(called.slice(list.open + 1, list.close)),
    inlined: at >= 0,
  };
}

/** Symbols without a name: only the address is known. */
function plainName(text: string): string {
  return /^(?:___lldb_unnamed_symbol|\$\$lib)/.test(text) ? '' : bareName(text);
}

/** "consume(label="x) at y.cpp:3", n=2)": the first bracket that holds `name=`, up to its partner outside of quotes. */
function findArguments(text: string): { readonly open: number; readonly close: number } | undefined {
  const open = text.search(/\((?:[A-Za-z_]\w*|\(null\))=/);
  if (open < 0) return undefined;
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    else at = skipQuoted(text, at);
    if (depth === 0) return { open, close: at };
  }
  return { open, close: text.length };
}
