import type { View } from '../../model/thread.ts';

/** What a dialect written by Python itself can show. */
export const PYTHON_VIEW: View = { python: true, native: false, interpreter: false, everyThread: false };

/** What a native debugger can show. */
export const NATIVE_VIEW: View = { python: false, native: true, interpreter: true, everyThread: true };
