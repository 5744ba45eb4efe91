import { opensQuote } from './gdb-quotes.ts';

/** Tells while a frame is put together from several lines whether its argument list is still open. */
export interface Balance {
  feed(text: string): void;
  isOpen(): boolean;
  /** Whether a list after a space was seen at all. */
  hasList(): boolean;
}

export function createBalance(): Balance {
  let depth = 0;
  let quote = 0;
  let before = '';
  let hasList = false;

  function feed(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (quote !== 0) {
        if (code === 92) at++;
        else if (code === quote) quote = 0;
      } else if (code === 40 || code === 91 || code === 123) {
        depth++;
        hasList ||= code === 40 && (at === 0 ? before : text.charAt(at - 1)) === ' ';
      } else if (code === 41 || code === 93 || code === 125) depth--;
      else if (opensQuote(text, at, code)) quote = code;
    }
    before = text.charAt(text.length - 1);
  }

  return { feed, isOpen: () => depth > 0 || quote !== 0, hasList: () => hasList };
}
