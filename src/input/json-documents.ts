import type { Line } from '../parsers/parser.ts';

/** A JSON document and the lines that it takes, as indices into the lines searched. */
export interface JsonDocument {
  readonly value: unknown;
  readonly firstLine: number;
  /** Index of the last line. */
  readonly lastLine: number;
}

/**
 * Finds the JSON documents among other text: each begins at the start of a line and ends at the end of one.
 * An array that was cut off yields the elements that are whole. Every character is looked at a bounded number of times.
 */
export function findJsonDocuments(lines: readonly Line[]): JsonDocument[] {
  const documents: JsonDocument[] = [];
  let next = 0;
  while (next < lines.length) {
    if (!BEGINS.test(lines[next]?.text ?? '')) {
      next += 1;
      continue;
    }
    const scanned = scan(lines, next);
    // Not `push(...)`: a hundred thousand arguments overflow the stack.
    for (const document of scanned.documents) documents.push(document);
    next = Math.max(scanned.nextLine, next + 1);
  }
  return documents;
}

/** "[" or "{" and then, if anything on the line, what JSON allows there. Keeps "[New LWP 4]" out. */
const BEGINS = /^\s*[[{]\s*(?:$|[[{"\]}\-\d]|true|false|null)/;

/** Outside strings, JSON has only these characters. */
const ALLOWED = /[\s{}[\]:,\-+.\deEtrufalsn]/;

interface Scanned {
  readonly documents: JsonDocument[];
  readonly nextLine: number;
}

/** Reads documents that follow each other without a line of other text between them. */
function scan(lines: readonly Line[], firstLine: number): Scanned {
  const documents: JsonDocument[] = [];
  const text = new LineText(lines, firstLine);
  let depth = 0;
  let start = text.position();
  let elements: string[] = [];
  let elementStart: Cursor | undefined;
  for (let character = text.next(); character !== undefined; character = text.next()) {
    if (character === '"') {
      if (!text.skipString()) break;
    } else if (character === '[' || character === '{') {
      if (depth === 0) {
        start = text.before();
        elements = [];
      }
      if (depth === 1) elementStart = text.before();
      depth += 1;
    } else if (character === ']' || character === '}') {
      depth -= 1;
      if (depth < 0) break;
      if (depth === 1 && elementStart !== undefined) elements.push(text.from(elementStart));
      if (depth === 0) {
        const value = parse(text.from(start));
        if (value === undefined) return { documents, nextLine: text.line + 1 };
        elementStart = undefined;
        const follows = text.follows();
        // Text behind it on the same line: a log's framing, which a text parser knows.
        if (follows === 'text') return { documents, nextLine: text.line + 1 };
        documents.push({ value, firstLine: start.line, lastLine: text.line });
        if (follows === 'nothing') return { documents, nextLine: text.line + 1 };
      }
    } else if (!ALLOWED.test(character)) break;
  }
  const whole = depth > 0 && text.startsWithBracket(start) ? salvage(elements) : [];
  if (whole.length > 0) documents.push({ value: whole, firstLine: start.line, lastLine: text.line });
  return { documents, nextLine: text.line + (whole.length > 0 ? 1 : 0) };
}

function salvage(elements: readonly string[]): unknown[] {
  return elements.map(parse).filter((value) => value !== undefined);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Cursor {
  readonly line: number;
  readonly column: number;
}

/** Reads lines character by character, a line end counting as one, without joining them first. */
class LineText {
  readonly #lines: readonly Line[];
  line: number;
  #column = 0;

  constructor(lines: readonly Line[], firstLine: number) {
    this.#lines = lines;
    this.line = firstLine;
  }

  position(): Cursor {
    return { line: this.line, column: this.#column };
  }

  before(): Cursor {
    return { line: this.line, column: this.#column - 1 };
  }

  next(): string | undefined {
    const text = this.#lines[this.line]?.text;
    if (text === undefined) return undefined;
    if (this.#column < text.length) {
      this.#column += 1;
      return text[this.#column - 1];
    }
    if (this.line + 1 >= this.#lines.length) return undefined;
    this.line += 1;
    this.#column = 0;
    return '\n';
  }

  /** Moves behind the closing quote; false when the line ends first, for JSON strings cannot span lines. */
  skipString(): boolean {
    const text = this.#lines[this.line]?.text ?? '';
    while (this.#column < text.length) {
      const character = text[this.#column];
      this.#column += character === '\\' ? 2 : 1;
      if (character === '"') return true;
    }
    return false;
  }

  /** What stands behind a whole document: another one, on its line or the next, other text, or nothing. */
  follows(): 'document' | 'text' | 'nothing' {
    const rest = (this.#lines[this.line]?.text ?? '').slice(this.#column);
    if (/^\s*[[{]/.test(rest)) return 'document';
    if (rest.trim() !== '') return 'text';
    return BEGINS.test(this.#lines[this.line + 1]?.text ?? '') ? 'document' : 'nothing';
  }

  startsWithBracket({ line, column }: Cursor): boolean {
    return this.#lines[line]?.text[column] === '[';
  }

  /** The text from a cursor to the present position. */
  from({ line, column }: Cursor): string {
    if (line === this.line) return (this.#lines[line]?.text ?? '').slice(column, this.#column);
    const parts = [(this.#lines[line]?.text ?? '').slice(column)];
    for (let index = line + 1; index < this.line; index += 1) parts.push(this.#lines[index]?.text ?? '');
    parts.push((this.#lines[this.line]?.text ?? '').slice(0, this.#column));
    return parts.join('\n');
  }
}
