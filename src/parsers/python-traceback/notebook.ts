import { type Frame, makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';
import { parseLineNumber } from '../_shared/traceback-frames.ts';

// "File /opt/python/lib/python3.11/threading.py:327, in Condition.wait(self, timeout)", IPython 8
const FILE = /^\s*File (?<file>[^"\s].*?):(?<line>\d+),? in (?<function>.+)$/;

// "Cell In[3], line 5, in load(path)", "Input In [1], in <cell line: 1>()"
const CELL =
  /^\s*(?<file>(?:Cell In ?|Input In ?|In )\[\d+\]),? (?:line (?<line>\d+)(?:, in (?<function>.+))?|in (?<scope><cell line: (?<first>\d+)>|[\w.<>]+)(?:\(.*\))?)$/;

// "~/lib/python3.7/threading.py in wait(self, timeout)", "<ipython-input-3-ab> in <module>", IPython 5 to 7
const OLD =
  /^(?<file>[~/.][^\s":]*\.py|[A-Za-z]:\\[^":]*\.py|<ipython-input-[^>]+>) in (?<function><?[\w.]+>?)(?:\(.*\))?$/;

// "--> 327         gotit = waiter.acquire()", "    326     else:"
const SOURCE = /^\s*(?<arrow>-+> ?)?(?<line>\d+)(?: .*)?$/;

/** Reads a frame as IPython and Jupyter print it. Its line may stand with the source below it. */
export function parseNotebookFrame(text: string, place: Place): Frame | undefined {
  const found = (FILE.exec(text) ?? CELL.exec(text) ?? OLD.exec(text))?.groups;
  if (found === undefined) return undefined;
  const scope = found.function ?? (found.first === undefined ? found.scope : undefined) ?? '<module>';
  const line = parseLineNumber(found.line ?? found.first);
  return makeFrame({ language: 'python', function: scope.replace(/\(.*$/, ''), file: found.file, line, place });
}

export function isNotebookFrame(text: string): boolean {
  return FILE.test(text) || CELL.test(text) || OLD.test(text);
}

/** A numbered source line; `line` is given for the one that the arrow points to. */
export function parseNotebookSource(text: string): { readonly line: number | undefined } | undefined {
  const found = SOURCE.exec(text)?.groups;
  if (found === undefined) return undefined;
  return { line: found.arrow === undefined ? undefined : parseLineNumber(found.line) };
}
