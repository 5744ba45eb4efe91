import type { Verdict } from '../model/diagnosis.ts';

/** 124 as timeout(1) has it: a command that hung, or ran too long, was ended. */
export const EXIT = { nothing: 0, found: 1, usage: 2, ended: 124 } as const;

/** What makes the exit code 1. */
export const FAIL_ON = ['never', 'suspect', 'hang'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export function exitCodeFor(verdict: Verdict, failOn: FailOn): number {
  if (failOn === 'never') return EXIT.nothing;
  return verdict === 'hang' || (verdict === 'suspect' && failOn === 'suspect') ? EXIT.found : EXIT.nothing;
}
