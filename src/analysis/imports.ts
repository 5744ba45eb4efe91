import { isAt } from '../frames/places.ts';
import type { ThreadFacts } from './facts.ts';

const BOOTSTRAP = '*importlib._bootstrap*';

/** Whether a thread waits for a module that somebody else imports: its innermost Python frame takes a module's lock. */
export function waitsForImport({ frames }: ThreadFacts): boolean {
  const innermost = frames.find(({ frame }) => frame.language === 'python');
  return (
    innermost !== undefined &&
    /^(?:acquire|__enter__|_lock_unlock_module)$/.test(innermost.plain) &&
    isAt(innermost.frame, BOOTSTRAP)
  );
}

/** Whether a thread runs the code of a module that it imports. */
export function isImporting({ frames }: ThreadFacts): boolean {
  return frames.some(
    ({ frame, plain }) =>
      /^(?:_load_unlocked|_find_and_load_unlocked|exec_module)$/.test(plain) && isAt(frame, BOOTSTRAP),
  );
}
