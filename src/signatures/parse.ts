import { CATEGORIES, type Category } from '../frames/categories.ts';
import type { Language } from '../model/frame.ts';
import type { Alternative, Signature, Step } from './signature.ts';

/** The text of a signature is wrong; shown to the author of the rule with a mark under the column. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  /** Counted from 1. */
  readonly column: number;

  constructor(text: string, column: number, problem: string) {
    super(`${problem}\n  ${text}\n  ${' '.repeat(column - 1)}^ column ${column}`);
    this.column = column;
  }
}

/** More steps than anybody writes by hand; a bound on the work for each frame. */
const MOST_STEPS = 32;
const LONGEST = 1000;

/**
 * Reads a signature, outermost step first: `#gc? -> __del__! => {term, destroy}@zmq/ -> c:poll$`.
 * Marks behind a step, in this order: `?` may be missing, `!` must be seen, `$` is innermost.
 *
 * @throws SignatureError with the column of the mistake
 */
export function parseSignature(text: string): Signature {
  return new SignatureParser(text).parse();
}

type Part = Omit<Step, 'forbidden' | 'direct'>;

const LANGUAGES: Readonly<Record<string, Language>> = { py: 'python', c: 'native', k: 'kernel' };

class SignatureParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > LONGEST)
      throw this.#error(`a signature has at most ${LONGEST} characters, this one has ${text.length}`, LONGEST);
  }

  parse(): Signature {
    const steps: Step[] = [];
    let forbidden: Part[] = [];
    let direct = false;
    for (;;) {
      this.#skipBlanks();
      const start = this.#at;
      const negative = this.#take('!');
      const part = this.#parsePart();
      if (negative) {
        forbidden.push(part);
      } else {
        steps.push({ ...part, direct, forbidden });
        forbidden = [];
      }
      if (steps.length > MOST_STEPS) throw this.#error(`a signature has at most ${MOST_STEPS} steps`, start);
      this.#skipBlanks();
      if (this.#at >= this.#text.length) break;
      direct = this.#parseArrow();
    }
    if (forbidden.length > 0)
      throw this.#error('`!` forbids what stands before the next step, so it cannot come last', this.#text.length - 1);
    if (steps.every(({ optional }) => optional)) throw this.#error('at least one step must not be optional', 0);
    return { text: this.#text.trim(), steps };
  }

  #parsePart(): Part {
    const start = this.#at;
    const outermost = this.#take('^');
    const language = this.#parseLanguage();
    const alternatives = this.#take('{') ? this.#parseAlternatives() : [this.#parseAlternative()];
    const place = this.#take('@') ? this.#parseWord(PLACE, 'a file, folder or module after `@`') : undefined;
    const optional = this.#take('?');
    const needed = this.#take('!');
    const innermost = this.#take('$');
    if (alternatives.some(({ kind }) => kind === 'any') && place === undefined) {
      throw this.#error('`*` alone matches every frame; say where with `@`', start);
    }
    const text = this.#text.slice(start, this.#at);
    return {
      text,
      alternatives,
      language: language ?? impliedLanguage(alternatives, place),
      place,
      optional,
      needed,
      outermost,
      innermost,
    };
  }

  #parseLanguage(): Language | undefined {
    const found = /^(py|c|k):(?!:)/.exec(this.#text.slice(this.#at, this.#at + 4))?.[1];
    if (found === undefined) return undefined;
    this.#at += found.length + 1;
    return LANGUAGES[found];
  }

  #parseAlternatives(): Alternative[] {
    const alternatives: Alternative[] = [];
    do {
      this.#skipBlanks();
      alternatives.push(this.#parseAlternative());
      this.#skipBlanks();
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('expected `,` or `}`');
    return alternatives;
  }

  #parseAlternative(): Alternative {
    if (this.#take('#')) return { kind: 'category', category: this.#parseCategory() };
    if (this.#text.startsWith('<signal handler called>', this.#at)) {
      this.#at += '<signal handler called>'.length;
      return { kind: 'name', name: '<signal handler called>' };
    }
    const name = this.#parseWord(NAME, 'a function name, `#category` or `*`');
    return name === '*' ? { kind: 'any' } : { kind: 'name', name };
  }

  #parseCategory(): Category {
    const start = this.#at;
    const name = this.#parseWord(CATEGORY, 'a category after `#`');
    if (isCategory(name)) return name;
    throw this.#error(`unknown category \`#${name}\`; known are ${Object.keys(CATEGORIES).join(', ')}`, start - 1);
  }

  #parseArrow(): boolean {
    for (const [arrow, direct] of ARROWS) if (this.#take(arrow)) return direct;
    throw this.#error('expected `->`, `=>` or the end');
  }

  #parseWord(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined || found === '') throw this.#error(`expected ${expected}`);
    this.#at += found.length;
    return found;
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #error(problem: string, at = this.#at): SignatureError {
    return new SignatureError(this.#text, Math.min(at, this.#text.length) + 1, problem);
  }
}

const ARROWS: readonly (readonly [string, boolean])[] = [
  ['->', false],
  ['→', false],
  ['=>', true],
  ['⇒', true],
];

/** "zmq::signaler_t::wait", "<module>", "__del__", "operator()", "*Lock*", "[vdso]" */
const NAME = /(?:operator(?:\(\)|[=<>!+*/-]+)|<[\w ]+>|[\w:~.*])+/y;
const CATEGORY = /[a-z-]+(?<!-)/y;
const PLACE = /[\w./*<>+-]*[\w/*>]/y;

function isCategory(name: string): name is Category {
  return Object.hasOwn(CATEGORIES, name);
}

/** What a step says of its language without a prefix: only C++ has "::", only modules are called lib*.so. */
function impliedLanguage(alternatives: readonly Alternative[], place: string | undefined): Language | undefined {
  if (place !== undefined && /\.pyx?$/.test(place)) return 'python';
  if (place !== undefined && /^lib|\.so|\.c(?:pp|c)?$/.test(place)) return 'native';
  const names = alternatives.flatMap((alternative) => (alternative.kind === 'name' ? [alternative.name] : []));
  if (names.length < alternatives.length) return undefined;
  if (names.every((name) => name.includes('::'))) return 'native';
  return names.every((name) => /^__\w+__$|^<(?:module|lambda|\w+comp|genexpr)>$/.test(name)) ? 'python' : undefined;
}
