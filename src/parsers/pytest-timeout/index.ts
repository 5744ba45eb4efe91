import { defineTextParser } from '../parser.ts';
import { FAILURES_RULE, STACK_RULE, TIMEOUT_RULE } from './lines.ts';
import { readTimeouts } from './reader.ts';

/**
 * The dump of the plugin pytest-timeout, and pytest's own report of the test, which holds the stack of the main thread
 * where the signal method was used. Printed by pytest_timeout.py (seen of 2.4) and _pytest/_code/code.py of pytest;
 * frames outermost first.
 */
export default defineTextParser({
  format: 'pytest-timeout',
  tool: 'pytest-timeout',
  title: 'pytest-timeout, with the report of the failed test',
  begins: /~+ Stack of|={3,} (?:FAIL|ERR)/,
  holds: /\+ Timeout \+/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    return TIMEOUT_RULE.test(text) || STACK_RULE.test(text) || FAILURES_RULE.test(text) ? 'certain' : 'no';
  },
  parse: readTimeouts,
});
