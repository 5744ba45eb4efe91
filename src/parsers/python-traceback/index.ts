import { parseHeading } from '../_shared/thread-headings.ts';
import { defineTextParser } from '../parser.ts';
import {
  EXCEPTION_IN_THREAD,
  IGNORED,
  isFrame,
  NOTEBOOK_TRACEBACK,
  PROCESS_TITLE,
  stackFollows,
  THREAD_TITLE,
  TRACEBACK,
  tracebackFollows,
} from './lines.ts';
import { readTracebacks } from './reader.ts';

/**
 * Tracebacks of the interpreter, logging, IPython and Jupyter, and runs of frames that `traceback.print_stack` prints.
 * Printed by Lib/traceback.py of CPython (2.7 to 3.14) and IPython/core/ultratb.py; frames outermost first.
 */
export default defineTextParser({
  format: 'python-traceback',
  tool: 'python',
  title: 'Python tracebacks (Ctrl-C, exceptions, `traceback.print_stack`, notebooks)',
  begins:
    /(?:\^C)*[\s+|]*(?:Exception Group )?(?:Traceback \(|Stack \(|Call stack)|[A-Za-z_][\w.]* {2,}Traceback|Thread[ :]|(?:Exception|Error) (?:in|ignored)|Process /,
  mayBegin:
    /[\s|+]*(?:File |Cell In|Input In|In \[)|(?:[~/.]|[A-Za-z]:|<ipython).* in |.{0,160}\b(?:[Tt][Hh][Rr][Ee][Aa][Dd]|[Gg][Rr][Ee]{2}[Nn]|[Ss][Tt][Aa][Cc][Kk])/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (TRACEBACK.test(text)) return stackFollows(lines, at) ? 'certain' : 'likely';
    if (NOTEBOOK_TRACEBACK.test(text)) return 'certain';
    if (TITLES.some((title) => title.test(text)) && tracebackFollows(lines, at)) return 'certain';
    if (isFrame(text)) return 'likely';
    return parseHeading(text) !== undefined && stackFollows(lines, at) ? 'likely' : 'no';
  },
  parse: readTracebacks,
});

const TITLES = [THREAD_TITLE, EXCEPTION_IN_THREAD, PROCESS_TITLE, IGNORED];
