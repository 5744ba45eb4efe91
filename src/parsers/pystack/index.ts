import { defineTextParser } from '../parser.ts';
import { CORE_PID, EMPTY, FRAME, THREAD_HEADER } from './lines.ts';
import { readStacks } from './reader.ts';

/**
 * `pystack remote` and `pystack core`, also with --native and --locals.
 * Printed by src/pystack/traceback_formatter.py of bloomberg/pystack, 1.0 to 1.7; frames outermost first.
 */
export default defineTextParser({
  format: 'pystack',
  tool: 'pystack',
  title: '`pystack remote`, `pystack core` (also `--native`, `--locals`)',
  begins: /Traceback for thread|The frame stack for|\((?:Python|C)\) File/,
  mayBegin: /Core file |Using executable |pid: \d/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (THREAD_HEADER.test(text) || EMPTY.test(text) || FRAME.test(text)) return 'certain';
    const core = /^\s*(?:Core file information:|Using executable found in the core file: )/.test(text);
    return core || CORE_PID.test(text) ? 'likely' : 'no';
  },
  parse: readStacks,
});
