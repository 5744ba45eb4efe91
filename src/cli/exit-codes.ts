import type { Verdict } from '../model/diagnosis.ts';

export const EXIT = { nothing: 0, found: 1, usage: 2 } as const;

/** What makes the exit code 1. */
export const FAIL_ON = ['never', 'suspect', 'hang'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export function exitCodeFor(verdict: Verdict, failOn: FailOn): number {
  if (failOn === 'never') return EXIT.nothing;
  return verdict === 'hang' || (verdict === 'suspect' && failOn === 'suspect') ? EXIT.found : EXIT.nothing;
}
