/** The input or the call is at fault, not this program: shown without a stack trace, exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** What to do next; one line or several. */
  readonly hint: string | undefined;

  constructor(message: string, { hint, cause }: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.hint = hint;
  }
}
