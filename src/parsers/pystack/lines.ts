import { type Frame, makeFrame, type Variable } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import { openingOfLast } from '../_shared/brackets.ts';
import { bareName } from '../_shared/gdb-function-name.ts';
import type { Wrapping } from '../_shared/logical-lines.ts';
import { parseLineNumber } from '../_shared/traceback-frames.ts';

// "Traceback for thread 311 (trainer) [Has the GIL,Garbage collecting] (most recent call last):".
// The name is cut by the kernel and may hold an open bracket; the notes are missing where several interpreters run.
export const THREAD_HEADER =
  /^\s*Traceback for thread (?<id>\d+)(?: \((?<name>.*?)\))?(?: \[(?<notes>[^\]]*)\])? \(most recent call last\):?$/;

// "The frame stack for thread 311 is empty"
export const EMPTY = /^\s*The frame stack for thread (?<id>\d+) is empty$/;

// "  In the main interpreter [Has the GIL]", "  In interpreter 2 []", since 1.7.0
export const INTERPRETER =
  /^\s*(?<where>In the main interpreter|In interpreter \d+|Not currently attached to any interpreter) \[(?<notes>[^\]]*)\]$/;

// "    (Python) File "/srv/run.py", line 9, in <module>"
const PYTHON_FRAME = /^\s*\(Python\) File "(?<file>.*)", line (?<line>-?\d+), in(?: (?<function>.*))?$/;

// "    (C) File "Modules/gcmodule.c", line 120, in collect (inlined) (/opt/py/lib/libpython3.11.so.1.0)"
const C_FRAME = /^\s*\(C\) File "(?<file>.*?)", line (?<line>-?\d+), in (?<rest>.*)$/;

export const FRAME = /^\s*\((?:Python|C)\) File "/;

// "* - Unable to merge native stack due to insufficient native information - *"
export const UNMERGED = /^\s*\*? ?- Unable to merge native stack due to insufficient native information - ?\*?$/;

// "      Arguments:", "      Locals:"
export const VARIABLES = /^\s*(?<title>Arguments|Locals):$/;

// "        cfg: {"a": 1}"
const VARIABLE = /^\s*(?<name>\.?[^\s:(]+):(?: (?<value>.*))?$/;

// "pid: 1 ppid: 0 sid: 1", printed for a core file
export const CORE_PID = /^\s*pid: (?<pid>\d+) ppid: (?<parent>\d+)(?: |$)/;

// "executable: python3 arguments: python3 -m trainer"
export const CORE_COMMAND = /^\s*executable: (?<executable>.*) arguments: (?<command>.*)$/;

// The other lines that `pystack core` prints before the stacks.
export const CORE_REMARK =
  /^\s*(?:Using executable found in the core file: |Core file information:$|state: \S+ zombie: |uid: \d+ gid: |The process died due |The core file seems to have been generated on demand)/;

export function parseFrame(text: string, place: Place): Frame | undefined {
  const python = PYTHON_FRAME.exec(text)?.groups;
  if (python !== undefined) {
    const { file, function: name = '' } = python;
    return makeFrame({ language: 'python', function: name.trim(), file, line: parseLineNumber(python.line), place });
  }
  const native = C_FRAME.exec(text)?.groups;
  if (native?.rest === undefined) return undefined;
  const { symbol, library } = splitLibrary(native.rest.trim());
  const inlined = symbol.endsWith(' (inlined)');
  return makeFrame({
    language: 'native',
    function: bareName(inlined ? symbol.slice(0, -' (inlined)'.length) : symbol),
    // Without debug information the place is unknown, or the library once more.
    file: native.file === '???' || native.file === library ? undefined : native.file,
    line: parseLineNumber(native.line),
    module: library,
    inlined,
    place,
  });
}

interface Located {
  readonly symbol: string;
  readonly library: string | undefined;
}

/** "ns::f(int) (/srv/libq.so)": the library stands in the last brackets, which are empty where it is not known. */
function splitLibrary(text: string): Located {
  const open = text.endsWith(')') ? openingOfLast(text) : -1;
  if (open < 2 || text[open - 1] !== ' ') return { symbol: text, library: undefined };
  const library = text.slice(open + 1, -1);
  if (library === 'inlined') return { symbol: text, library: undefined };
  return { symbol: text.slice(0, open - 1), library: library === '' ? undefined : library };
}

export function parseVariable(text: string): Variable | undefined {
  const found = VARIABLE.exec(text)?.groups;
  return found?.name === undefined ? undefined : { name: found.name, value: found.value ?? '' };
}

export const WRAPPING: Wrapping = {
  isBroken: (text) => FRAME.test(text) && !PYTHON_FRAME.test(text) && !C_FRAME.test(text),
  isWhole: (text) => (PYTHON_FRAME.test(text) && !/, in$/.test(text)) || C_FRAME.test(text),
  begins: (text) => FRAME.test(text) || THREAD_HEADER.test(text),
};
