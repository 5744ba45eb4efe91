import type { Confidence } from '../model/diagnosis.ts';

/** From weak to strong. */
const WORDS: readonly Confidence[] = ['possible', 'likely', 'certain'];

export function compareConfidence(one: Confidence, other: Confidence): number {
  return WORDS.indexOf(one) - WORDS.indexOf(other);
}

/** One word less; nothing is said below `possible`. */
export function weaker(confidence: Confidence): Confidence | undefined {
  return WORDS[WORDS.indexOf(confidence) - 1];
}
