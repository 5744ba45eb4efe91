import type { Process } from '../model/process.ts';

/** One line of cleaned input; `number` is its line in the original. */
export interface Line {
  readonly text: string;
  readonly number: number;
}

/** A stretch of one input that a single text parser has claimed: its dump and whatever prose follows it. */
export interface TextSection {
  readonly source: string;
  readonly lines: readonly Line[];
}

/** A JSON document found in the input. */
export interface JsonSection {
  readonly source: string;
  readonly value: unknown;
  /** Line in which the document begins. */
  readonly line: number;
}

/** What a parser made of a section. `skipped` lists every non-blank line that it did not use. */
export interface Parsed {
  readonly processes: readonly Process[];
  readonly skipped: readonly Line[];
}

/**
 * How sure a parser is that a dump of its format begins at a line.
 * `certain` ends a section of another format; `likely` only starts one where none is open.
 */
export type Claim = 'certain' | 'likely' | 'no';

interface ParserMeta {
  /** Stable id, also the name of its fixtures' folder. */
  readonly format: string;
  /** The program whose output it is. */
  readonly tool: string;
  /** For the table of formats: "py-spy dump, also with --native, …". */
  readonly title: string;
}

/** Reads a line-based format. Never throws: what it does not understand, it skips. */
export interface TextParser extends ParserMeta {
  readonly kind: 'text';
  /**
   * Where a line may make `opens` say `certain`, as a pattern that stands at its first character that is no blank.
   * Most lines of a dump can begin nothing, and are told by one look at the patterns of all parsers together: no flags,
   * no groups with names.
   */
  readonly begins: RegExp;
  /** What such a line holds anywhere, where its beginning does not tell. */
  readonly holds?: RegExp;
  /** The same as `begins` for `likely`, where the other two do not match those lines. */
  readonly mayBegin?: RegExp;
  /** Looks at `lines[at]` and, where one line cannot tell, at the few lines after it. */
  opens(lines: readonly Line[], at: number): Claim;
  parse(section: TextSection): Parsed;
}

/** Reads a JSON format. Never throws on a value that it accepts. */
export interface JsonParser extends ParserMeta {
  readonly kind: 'json';
  accepts(value: unknown): boolean;
  parse(section: JsonSection): Parsed;
}

export type Parser = TextParser | JsonParser;

/** Identity, for inference. */
export function defineTextParser(parser: Omit<TextParser, 'kind'>): TextParser {
  return { kind: 'text', ...parser };
}

/** Identity, for inference. */
export function defineJsonParser(parser: Omit<JsonParser, 'kind'>): JsonParser {
  return { kind: 'json', ...parser };
}
