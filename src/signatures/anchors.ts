import type { KnownFrame } from '../frames/known-frame.ts';
import type { CompiledSignature } from './compile.ts';

/** Many signatures, of which a stack is asked only those that name one of its functions. */
export class AnchorIndex<Item extends { readonly compiled: CompiledSignature }> {
  readonly #byAnchor = new Map<string, number[]>();
  readonly #unanchored: number[] = [];
  readonly #items: readonly Item[];

  constructor(items: readonly Item[]) {
    this.#items = items;
    items.forEach(({ compiled: { anchors } }, index) => {
      if (anchors === undefined) this.#unanchored.push(index);
      for (const anchor of new Set(anchors)) {
        const known = this.#byAnchor.get(anchor);
        if (known === undefined) this.#byAnchor.set(anchor, [index]);
        else known.push(index);
      }
    });
  }

  /** Those that may match: first those without anchor, then by the innermost frame that they name. */
  candidates(frames: readonly KnownFrame[]): Item[] {
    const found = new Set(this.#unanchored);
    for (const { plain, canonical } of frames) {
      for (const index of this.#byAnchor.get(plain) ?? []) found.add(index);
      if (canonical !== plain) for (const index of this.#byAnchor.get(canonical) ?? []) found.add(index);
    }
    return [...found].flatMap((index) => this.#items[index] ?? []);
  }
}
