import type { Dump, Warning } from '../model/dump.ts';
import type { Line, Parsed, Parser } from '../parsers/parser.ts';
import { explainLine } from './capture-errors.ts';
import { Claims } from './claims.ts';
import { cleanLines } from './clean.ts';
import { decodeText } from './decode.ts';
import { dedentBlocks } from './indentation.ts';
import { undoMarkup } from './markup.ts';
import { type Stream, splitStreams } from './prefixes.ts';
import { type ClaimedSection, cutSections, cutTextSections } from './sections.ts';

/** Something to diagnose: a file's bytes or a text, with the name that reports give it. */
export type Input =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly text: string };

export interface Reading {
  readonly dumps: readonly Dump[];
  readonly warnings: readonly Warning[];
}

/** Finds and reads all dumps of one input, whatever stands around them. Never throws on what the input holds. */
export function readInput(input: Input, parsers: readonly Parser[]): Reading {
  const text = 'text' in input ? input.text : decodeText(input.bytes);
  const streams = splitStreams(undoMarkup(cleanLines(text)));
  const dumps: Dump[] = [];
  const left: Leftover = { inside: [], around: [] };
  const claims = new Claims(parsers.filter((parser) => parser.kind === 'text'));
  for (const stream of streams) append(dumps, readStream(stream, { source: input.name, parsers, claims, left }));
  return { dumps, warnings: warningsFor(left, dumps, input.name) };
}

/** Lines that no parser used: those in the middle of a dump, and those around it. */
interface Leftover {
  readonly inside: Line[];
  readonly around: Line[];
}

interface Context {
  readonly source: string;
  readonly parsers: readonly Parser[];
  readonly claims: Claims;
  readonly left: Leftover;
}

function readStream({ origin, lines }: Stream, context: Context): Dump[] {
  const { source, parsers, claims, left } = context;
  const { sections, unclaimed } = cutSections(dedentBlocks(lines), source, parsers, claims);
  append(left.around, unclaimed);
  return sections.flatMap((section) => readSection(section, { ...context, origin }, 0));
}

interface StreamContext extends Context {
  readonly origin: string | undefined;
}

/** Not `push(...items)`: a million arguments overflow the stack. */
function append<Item>(target: Item[], items: readonly Item[]): void {
  for (const item of items) target.push(item);
}

/** A suffix may be handed back this often; deeper nesting is noise, and unbounded it would be quadratic. */
const HAND_BACKS = 3;

function readSection(claimed: ClaimedSection, context: StreamContext, depth: number): Dump[] {
  if ('value' in claimed.section) {
    const { parser, section } = claimed;
    const parsed = parser.kind === 'json' ? parser.parse(section) : { processes: [], skipped: [] };
    return toDumps(claimed, parsed, section.line, context);
  }
  const { parser, section } = claimed;
  if (parser.kind !== 'text') return [];
  const parsed = parser.parse(section);
  const first = section.lines[0]?.number ?? 1;
  const { inside, suffix } = splitSkipped(section.lines, parsed.skipped);
  append(context.left.inside, inside);
  return [...toDumps(claimed, parsed, first, context), ...readSuffix(suffix, context, depth)];
}

/** The unused end of a section is looked at again: prose, and after it perhaps a dump with a weaker header. */
function readSuffix(suffix: readonly Line[], context: StreamContext, depth: number): Dump[] {
  if (suffix.length === 0) return [];
  if (depth >= HAND_BACKS) {
    append(context.left.around, suffix);
    return [];
  }
  const { sections, unclaimed } = cutTextSections(suffix, context.source, context.claims);
  append(context.left.around, unclaimed);
  return sections.flatMap((section) => readSection(section, context, depth + 1));
}

function toDumps({ parser }: ClaimedSection, parsed: Parsed, line: number, context: StreamContext): Dump[] {
  if (parsed.processes.length === 0) return [];
  const { origin, source } = context;
  const processes =
    origin === undefined ? parsed.processes : parsed.processes.map((process) => ({ ...process, origin }));
  return [{ tool: parser.tool, format: parser.format, processes: processes, place: { source, line } }];
}

/** Separates skipped lines in the middle of a dump from the run of them at its end. */
function splitSkipped(lines: readonly Line[], skipped: readonly Line[]): { inside: Line[]; suffix: Line[] } {
  const unused = new Set(skipped.map(({ number }) => number));
  let end = lines.length;
  for (let line = lines[end - 1]; line !== undefined; line = lines[end - 1]) {
    if (line.text !== '' && !unused.has(line.number)) break;
    end -= 1;
  }
  const suffix = lines.slice(end);
  const from = suffix[0]?.number ?? Number.POSITIVE_INFINITY;
  // The first line opened the section: handing it back would open the same section again.
  const whole = end === 0;
  return {
    inside: whole ? [...skipped] : skipped.filter(({ number }) => number < from),
    suffix: whole ? [] : suffix.filter(({ text }) => text !== ''),
  };
}

/** "Caused by:": a line of its own between an error of py-spy and its reason. */
const CAUSED = /^\s*(?:Caused by|Reason):$/;

function warningsFor(left: Leftover, dumps: readonly Dump[], source: string): Warning[] {
  const explained = new Map<string, Warning>();
  const unexplained = (lines: readonly Line[]): Line[] =>
    lines.filter(({ text, number }) => {
      const error = text.trim() === '' ? undefined : explainLine(text);
      if (error !== undefined && !explained.has(error.code))
        explained.set(error.code, { ...error, source, line: number });
      return error === undefined && text.trim() !== '' && !(explained.size > 0 && CAUSED.test(text));
    });
  const inside = unexplained(left.inside);
  const around = unexplained(left.around);
  const total = dumps.length === 0;
  return [
    ...explained.values(),
    ...(inside.length > 0 ? [countWarning(inside, 'lines-not-understood', 'of a dump not understood', source)] : []),
    ...(around.length > 0 && !total
      ? [countWarning(around, 'text-around-dumps', 'around the dumps passed over', source)]
      : []),
    ...(total && explained.size === 0 ? [noDump(around.concat(inside), source)] : []),
  ];
}

function countWarning(lines: readonly Line[], code: string, what: string, source: string): Warning {
  const [first] = lines;
  const count = lines.length === 1 ? '1 line' : `${lines.length} lines`;
  return {
    code,
    message: `${count} ${what}; the first is line ${first?.number}: ${quote(first?.text ?? '')}`,
    hint: undefined,
    source,
    line: first?.number,
  };
}

function noDump(lines: readonly Line[], source: string): Warning {
  const [first] = lines;
  const seen = first === undefined ? 'it is empty' : `line ${first.number}: ${quote(first.text)}`;
  return {
    code: 'no-dump',
    message: `not a dump in any known format (${seen})`,
    hint: 'Capture one with: py-spy dump --pid PID   or: gdb -p PID -batch -ex "thread apply all bt"',
    source,
    line: first?.number,
  };
}

function quote(text: string): string {
  const trimmed = text.trim();
  return JSON.stringify(trimmed.length > 60 ? `${trimmed.slice(0, 57)}...` : trimmed);
}
