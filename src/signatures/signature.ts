import type { Category } from '../frames/categories.ts';
import type { Language } from '../model/frame.ts';

/** One way in which a step can be fulfilled: a function, a category, or anything at a place. */
export type Alternative =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'category'; readonly category: Category }
  | { readonly kind: 'any' };

export interface Step {
  /** As written, for messages and pages. */
  readonly text: string;
  readonly alternatives: readonly Alternative[];
  readonly language: Language | undefined;
  readonly place: string | undefined;
  /** Adds to the confidence but may be missing. */
  readonly optional: boolean;
  /** Must be seen: where the dump cannot show it, the signature does not match. */
  readonly needed: boolean;
  /** Must be the outermost or innermost frame of its language, plumbing aside. */
  readonly outermost: boolean;
  readonly innermost: boolean;
  /** Whether the step before must call it directly, plumbing and inlined frames aside. */
  readonly direct: boolean;
  /** Must not stand between the step before and this one; before the first step: anywhere further out. */
  readonly forbidden: readonly Omit<Step, 'forbidden' | 'direct'>[];
}

/** Steps outermost to innermost. */
export interface Signature {
  readonly text: string;
  readonly steps: readonly Step[];
}
