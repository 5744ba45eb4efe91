import { nextText } from '../_shared/logical-lines.ts';
import { defineTextParser } from '../parser.ts';
import { C_STACK_HEADER, FATAL, isFrame, SINGLE_HEADER, THREAD_HEADER, TIMEOUT } from './lines.ts';
import { readDump } from './reader.ts';

/**
 * What faulthandler prints: `dump_traceback`, `dump_traceback_later`, `register`, fatal errors, pytest's
 * `faulthandler_timeout`. Printed by Python/traceback.c and Modules/faulthandler.c of CPython; seen of 3.8 to 3.13,
 * 3.14's names and C stacks from its source.
 */
export default defineTextParser({
  format: 'faulthandler',
  tool: 'faulthandler',
  title: "Python's faulthandler, also from pytest and fatal errors",
  begins: /(?:Current t|T)hread 0x|Current thread's C|Stack \(|Fatal Python|Windows fatal/,
  holds: /Timeout \(/,
  mayBegin: /File /,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (CERTAIN.some((header) => header.test(text))) return 'certain';
    if (FATAL.test(text)) return 'certain';
    if (isFrame(text)) return /^\s*(?:File|Thread|Current|$)/.test(nextText(lines, at) ?? '') ? 'likely' : 'no';
    return 'no';
  },
  parse: readDump,
});

const CERTAIN = [THREAD_HEADER, SINGLE_HEADER, C_STACK_HEADER, TIMEOUT];
