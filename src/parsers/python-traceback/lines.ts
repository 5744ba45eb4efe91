import { nextText } from '../_shared/logical-lines.ts';
import { isTracebackFrame } from '../_shared/traceback-frames.ts';
import type { Line } from '../parser.ts';
import { isNotebookFrame } from './notebook.ts';

// "Traceback (most recent call last):", "  + Exception Group Traceback (most recent call last):",
// "^CTraceback (most recent call last):" after the echo of Ctrl-C,
// "Stack (most recent call last):" of logging's stack_info, "Call stack:" of a logging error.
export const TRACEBACK =
  /^(?:\^C)*[\s+|]*(?:(?:Exception Group )?Traceback \(most recent call last\)|Stack \(most recent call last\)|Call stack):?$/;

// "KeyboardInterrupt                         Traceback (most recent call last)", as IPython and Jupyter begin.
export const NOTEBOOK_TRACEBACK = /^(?<exception>[A-Za-z_][\w.]*) {2,}Traceback \(most recent call last\)$/;

// "Thread MainThread:", "Thread 140080061712064:", "Thread:"
export const THREAD_TITLE = /^\s*Thread(?: (?<name>\S.*?))?:$/;

// "Exception in thread Thread-1 (consume):"
export const EXCEPTION_IN_THREAD = /^\s*Exception in thread (?<name>.+?):$/;

// "Process ForkPoolWorker-3:" of multiprocessing. py-spy's has a pid and a command line.
export const PROCESS_TITLE = /^\s*Process (?<name>(?!\d+:)\S.*):$/;

// "Exception ignored in: <function Pool.__del__ at 0x7f10>", "Exception ignored while calling deallocator <…>:"
export const IGNORED = /^\s*(?<says>(?:Exception|Error) (?:ignored|in atexit|in sys)\b.*?):?$/;

// "KeyboardInterrupt", "subprocess.TimeoutExpired: Command …", "ValueError: x". Names alone must look like exceptions.
const EXCEPTION =
  /^[\s+|]*(?<says>(?:[A-Za-z_]\w*\.)*(?:\w*(?:Error|Exception|Interrupt|Exit|Expired|Timeout|TimedOut|Warning|StopIteration|Cancelled|Failed|ExceptionGroup)|[A-Z]\w*(?=: ))(?:: .*|:)?)$/;

// What Python prints between the tracebacks of a chain of exceptions.
export const CHAIN =
  /^[\s+|]*(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):?$/;

// "  [Previous line repeated 995 more times]"
export const REPEATED = /^\s*\[Previous line repeated (?<count>\d+) more times?\]$/;

// "  +-+---------------- 1 ----------------", "    +------------------------------------": rules of exception groups
export const GROUP_RULE = /^\s*\+[+-]*-{8,}(?: \d+ -{8,})?$/;

// "  |   File "a.py", line 3, in f": the guides of an exception group, and of trees of greenlets.
const GUIDES = /^\s*[|+][\s|+-]*/;

export function withoutGuides(text: string): string {
  return GUIDES.test(text) ? text.replace(GUIDES, (guides) => ' '.repeat(guides.length)) : text;
}

export function parseException(text: string): string | undefined {
  return text.length < 20_000 ? EXCEPTION.exec(text)?.groups?.says?.replace(/:$/, '') : undefined;
}

/** Exceptions that stop a program from outside: the traceback shows where it was, not what went wrong. */
export function isInterruption(exception: string): boolean {
  return /^(?:[\w.]+\.)?(?:KeyboardInterrupt|SystemExit|\w*Timeout(?:Error|Expired)?|\w*TimedOut|TimeoutExpired|Failed)\b/.test(
    exception,
  );
}

/** The debuggers' own scripts fail too, and print tracebacks that say nothing of the process. */
export function isOfDebugger(exception: string | undefined): boolean {
  return exception !== undefined && /No module named '(?:lldb|gdb)\b|^(?:gdb|lldb)\.|\bgdb\.error\b/.test(exception);
}

export function isFrame(text: string): boolean {
  return isTracebackFrame(withoutGuides(text)) || isNotebookFrame(text);
}

/** Whether a stack begins right after a line. */
export function stackFollows(lines: readonly Line[], at: number): boolean {
  const next = nextText(lines, at);
  return next !== undefined && (isFrame(next) || /^[\s|]*File "/.test(next));
}

/** Workers of a pool write all their titles first, and then all their tracebacks. */
const MOST_WORKERS = 200;

export function tracebackFollows(lines: readonly Line[], at: number): boolean {
  if (TRACEBACK.test(nextText(lines, at) ?? '')) return true;
  if (!PROCESS_TITLE.test(lines[at]?.text ?? '')) return false;
  for (let index = at + 1; index < at + MOST_WORKERS; index += 1) {
    const text = lines[index]?.text;
    if (text === undefined) return false;
    if (text.trim() !== '' && !PROCESS_TITLE.test(text)) return TRACEBACK.test(text);
  }
  return false;
}
