import type { Category } from '../frames/categories.ts';
import type { CompiledSignature, Requirement } from './compile.ts';
import type { Stack } from './match.ts';

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

  /**
   * Those that may match: first those without anchor, then by the innermost frame that they name. What a step needs and the
   * stack would show, but does not, rules a signature out before it is matched frame by frame.
   */
  candidates({ frames, view, truncated, told }: Stack): Item[] {
    const found = new Set(this.#unanchored);
    const names = new Set<string>();
    const categories = new Set<Category>(told);
    let isHidden = truncated;
    for (const { plain, canonical, categories: own, unnamed } of frames) {
      isHidden ||= unnamed;
      for (const category of own) categories.add(category);
      if (names.has(plain) && names.has(canonical)) continue;
      names.add(plain);
      names.add(canonical);
      for (const index of this.#byAnchor.get(plain) ?? []) found.add(index);
      if (canonical !== plain) for (const index of this.#byAnchor.get(canonical) ?? []) found.add(index);
    }
    const isThere = ({ names: wanted, categories: kinds, needed, isVisible }: Requirement): boolean =>
      wanted.some((name) => names.has(name)) ||
      kinds.some((kind) => categories.has(kind)) ||
      (!needed && (isHidden || !isVisible(view)));
    return [...found]
      .flatMap((index) => this.#items[index] ?? [])
      .filter(({ compiled: { required } }) => required.every(isThere));
  }
}
