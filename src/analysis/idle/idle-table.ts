/** What a kind of thread at rest is called, and the signature of its stack. */
export type IdleTable = readonly (readonly [label: string, signature: string])[];
