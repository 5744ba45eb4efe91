import { type Claim, defineTextParser, type Line, type Parsed, type TextSection } from '../parser.ts';
import * as grammar from './lines.ts';
import { PySpyReader } from './reader.ts';

/**
 * `py-spy dump`, also with --native, --locals, --subprocesses and --core; versions 0.1 to 0.4.
 * Printed by src/dump.rs and src/stack_trace.rs of benfred/py-spy; frames innermost first.
 */
export default defineTextParser({
  format: 'py-spy-text',
  tool: 'py-spy',
  title: '`py-spy dump` (also `--native`, `--locals`, `--subprocesses`, `--core`)',
  begins: /Thread (?:\d|0x)|Process \d|Python v|Signal \d|(?:\d+: )?unexpected waitpid/,
  mayBegin: /(?:[\w<>.$~]|::)+ \(/,
  opens,
  parse,
});

/** A command line may span lines; this many are looked through for what must follow it. */
const COMMAND_LINES = 40;

function opens(lines: readonly Line[], at: number): Claim {
  const text = lines[at]?.text ?? '';
  if (grammar.THREAD.test(text)) return 'certain';
  if (grammar.PROCESS.test(text)) return followedBy(lines, at, [grammar.PYTHON, grammar.THREAD]) ? 'certain' : 'no';
  if (grammar.PYTHON.test(text)) return 'certain';
  if (grammar.OLD_PYTHON.test(text)) return followedBy(lines, at, [grammar.THREAD]) ? 'certain' : 'no';
  if (grammar.STOPPED.test(text)) return 'certain';
  if (grammar.SIGNAL.test(text)) return followedBy(lines, at, [grammar.PYTHON]) ? 'certain' : 'no';
  if (!grammar.looksLikeFrame(text)) return 'no';
  // Two frames in a row, with or without blank lines between: somebody copied only the stack.
  const next = lines.slice(at + 1, at + 4).find((line) => line.text.trim() !== '');
  return next !== undefined && grammar.looksLikeFrame(next.text) ? 'likely' : 'no';
}

function followedBy(lines: readonly Line[], at: number, patterns: readonly RegExp[]): boolean {
  const end = Math.min(lines.length, at + COMMAND_LINES);
  for (let index = at + 1; index < end; index += 1) {
    const text = lines[index]?.text ?? '';
    if (patterns.some((pattern) => pattern.test(text))) return true;
    if (grammar.PROCESS.test(text)) return false;
  }
  return false;
}

function parse({ lines, source }: TextSection): Parsed {
  const reader = new PySpyReader(source);
  for (const line of lines) reader.read(line);
  return reader.finish();
}
