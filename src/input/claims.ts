import type { Line, TextParser } from '../parsers/parser.ts';

export interface StrongestClaim {
  readonly parser: TextParser;
  readonly certain: boolean;
}

/** Asks the parsers which of them begins at a line, and asks none where all their patterns say that nothing can begin. */
export class Claims {
  readonly #parsers: readonly TextParser[];
  readonly #anything: Anything;
  readonly #others = new Map<TextParser, Others>();

  constructor(parsers: readonly TextParser[]) {
    this.#parsers = parsers;
    this.#anything = anythingOf(parsers, ({ begins, mayBegin }) => (mayBegin ? [begins, mayBegin] : [begins]));
  }

  /** The strongest claim where no section is open. */
  strongest(lines: readonly Line[], at: number): StrongestClaim | undefined {
    if (!isAnnounced(this.#anything, lines[at]?.text ?? '')) return undefined;
    let likely: TextParser | undefined;
    for (const parser of this.#parsers) {
      const claim = parser.opens(lines, at);
      if (claim === 'certain') return { parser, certain: true };
      if (claim === 'likely') likely ??= parser;
    }
    return likely === undefined ? undefined : { parser: likely, certain: false };
  }

  /** The parser that ends the open section, if one does: it is certain, and the open one is not. */
  next(open: TextParser, lines: readonly Line[], at: number): TextParser | undefined {
    const others = this.#othersOf(open);
    if (!isAnnounced(others.anything, lines[at]?.text ?? '')) return undefined;
    // Never two are certain, so the likeliest is asked first.
    if (open.opens(lines, at) === 'certain') return undefined;
    return others.parsers.find((parser) => parser.opens(lines, at) === 'certain');
  }

  #othersOf(open: TextParser): Others {
    const known = this.#others.get(open);
    if (known !== undefined) return known;
    const parsers = this.#parsers.filter((parser) => parser !== open);
    const others = { parsers, anything: anythingOf(parsers, ({ begins }) => [begins]) };
    this.#others.set(open, others);
    return others;
  }
}

interface Others {
  readonly parsers: readonly TextParser[];
  readonly anything: Anything;
}

/** The patterns of several parsers as two. */
interface Anything {
  /** Sticky: what stands at the first character that is no blank. */
  readonly start: RegExp;
  readonly within: RegExp;
}

function anythingOf(parsers: readonly TextParser[], starts: (parser: TextParser) => readonly RegExp[]): Anything {
  return {
    start: either(parsers.flatMap(starts), 'y'),
    within: either(
      parsers.flatMap(({ holds }) => holds ?? []),
      '',
    ),
  };
}

function either(patterns: readonly RegExp[], flags: string): RegExp {
  // Two parsers may share a pattern.
  const sources = new Set(patterns.map(({ source }) => `(?:${source})`));
  return new RegExp([...sources].join('|') || '(?!)', flags);
}

function isAnnounced({ start, within }: Anything, text: string): boolean {
  start.lastIndex = firstOf(text);
  return start.test(text) || within.test(text);
}

/** Index of the first character that is no blank. */
function firstOf(text: string): number {
  let at = 0;
  for (let code = text.charCodeAt(0); code === 32 || code === 9; code = text.charCodeAt(at)) at += 1;
  return at;
}
