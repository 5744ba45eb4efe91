/** What kind of thing a thread waits for. */
export type WaitKind =
  | 'lock'
  | 'condition'
  | 'semaphore'
  | 'gil'
  | 'join'
  | 'child'
  | 'poll'
  | 'read'
  | 'write'
  | 'connect'
  | 'accept'
  | 'dns'
  | 'sleep'
  | 'file-lock'
  | 'device'
  | 'collective'
  | 'terminal'
  | 'stopped'
  | 'unknown';

/** Whether the wait ends by itself. */
export type Timeout = 'none' | 'some' | 'unknown';

/** A thread's wait, read from its innermost frames. A wait is a symptom, never by itself a cause. */
export interface Wait {
  readonly kind: WaitKind;
  /** What is waited for, as far as the dump tells: a lock's address, a file descriptor, a pid, a thread. */
  readonly target: string | undefined;
  readonly timeout: Timeout;
  /** Indices into the thread's frames that show it, innermost first. */
  readonly frames: readonly number[];
  /** In plain words: "waits in poll(), without a timeout". */
  readonly says: string;
}
