import { Chalk } from 'chalk';
import { neutralise, toAscii } from '../_shared/clean.ts';
import { maskSecrets } from '../_shared/secrets.ts';
import type { RenderOptions } from '../reporter.ts';

type Paint = (text: string) => string;

/** The paper and the pens: everything that depends on the terminal and not on the diagnosis. */
export interface Page {
  readonly width: number;
  readonly verbose: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly green: Paint;
  /** Stands before a frame that bears witness. */
  readonly mark: string;
  /** Stands for frames that are left out. */
  readonly gap: string;
  /** Stands before a thread that waits for the one above. */
  readonly branch: string;
  /** Stands for characters that are left out. */
  readonly cut: string;
  /** Makes any text fit to be laid out: see `clean`. To be applied before measuring. */
  readonly say: (text: string) => string;
}

/** Narrower than this nothing can be laid out; the terminal then wraps by itself. */
const NARROWEST = 20;

/** Nobody reads further, and measuring text is slow: names of expanded templates run to megabytes. */
const LONGEST = 1500;
/** Of a text that is longer still, only the beginning is looked at. */
const READ = 100_000;

export function makePage({ color, width, unicode, verbose }: RenderOptions): Page {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const cut = unicode ? '…' : '...';
  const shorten = (text: string): string =>
    text.length > LONGEST ? `${text.slice(0, LONGEST / 2)}${cut}${text.slice(-LONGEST / 2)}` : text;
  // Masked before it is cut, since half a secret is not recognised; cut before the rest, since a cut may halve a character.
  const say = (text: string): string => neutralise(shorten(maskSecrets(text.slice(0, READ))));
  return {
    width: Math.max(NARROWEST, width),
    verbose,
    // Not chalk's own functions: they take any number of texts, and `map` would pass the index too.
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    red: (text) => chalk.red(text),
    yellow: (text) => chalk.yellow(text),
    green: (text) => chalk.green(text),
    mark: unicode ? '▶' : '>',
    gap: unicode ? '⋯' : '...',
    branch: unicode ? '└─' : '`-',
    cut,
    say: unicode ? say : (text) => toAscii(say(text)),
  };
}
