import type { Thread } from '../model/thread.ts';

/** Only the innermost calls tell what a thread is at; further out all threads look alike. */
const FRAMES = 8;

/** Words that every stack has. */
const COMMON = new Set([
  'python',
  'python3',
  'lib',
  'site',
  'packages',
  'run',
  'call',
  'main',
  'init',
  'self',
  'get',
  'wait',
  'src',
  'usr',
  'local',
  'object',
  'py',
  'pthread',
  'cond',
  'libc',
]);

/** How much a native and a Python stack speak of the same things: words of names and libraries that they share. */
export class Likeness {
  readonly #words = new Map<Thread, ReadonlySet<string>>();

  between(one: Thread, other: Thread): number {
    const words = this.#wordsOf(one);
    let shared = 0;
    for (const word of this.#wordsOf(other)) if (words.has(word)) shared += 1;
    return shared;
  }

  /** Each thread is compared with many others; its words are looked for once. */
  #wordsOf(thread: Thread): ReadonlySet<string> {
    const known = this.#words.get(thread) ?? wordsOf(thread);
    this.#words.set(thread, known);
    return known;
  }
}

function wordsOf({ frames }: Thread): Set<string> {
  const words = new Set<string>();
  for (const { function: name, file, module } of frames.slice(0, FRAMES)) {
    for (const text of [name, file, module]) {
      for (const word of (text ?? '').toLowerCase().match(/[a-z]{3,}/g) ?? []) {
        const bare = word.replace(/^lib/, '');
        if (bare.length > 2 && !COMMON.has(bare)) words.add(bare);
      }
    }
  }
  return words;
}
