export const MIB = 1024 * 1024;
const LIMITS: Limits = { member: 256 * MIB, total: 1024 * MIB, members: 10_000 };

export function newBudget(limits: Limits = LIMITS): Budget {
  return { limits, bytes: limits.total, members: limits.members };
}

export interface Limits {
  /** Bytes of one file in an archive, expanded. */
  readonly member: number;
  /** Bytes of everything expanded. */
  readonly total: number;
  /** Files in all archives. */
  readonly members: number;
}

/** What is left of the limits. One for all inputs of a run, so that many archives are no way around them. */
export interface Budget {
  readonly limits: Limits;
  bytes: number;
  members: number;
}
