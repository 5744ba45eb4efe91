import type { Frame } from '../../model/frame.ts';

/**
 * Knows which lines below a frame are its source, and gives the first of them to the frame. The traceback module indents
 * them deeper than the frame; pastes lose the indentation, and then only the position tells: one line of source, and what
 * underlines it.
 */
export interface SourceLines {
  /** To be called for each frame, with its text and the list that it was put at the end of. */
  expectAfter(text: string, frames: Frame[] | undefined): void;
  /** Whether a line that is no frame belongs to the last frame's source. */
  accepts(text: string): boolean;
  /** To be called where a stack ends. */
  stop(): void;
}

// "    ~~~~~~~^^^^^^": Python 3.11 and later underline the failing part.
const UNDERLINE = /^\s*[\^~][\^~\s]*$/;

// "  ...<3 lines>...": Python 3.13 and later leave out the middle of a long statement.
const OMISSION = /^\s*\.\.\.<\d+ lines?>\.\.\.$/;

export function watchSourceLines(): SourceLines {
  let expecting = false;
  let above: Frame[] | undefined;
  let indentation = 0;
  let seen = 0;
  return {
    expectAfter(text, frames) {
      expecting = true;
      above = frames;
      indentation = indentationOf(text);
      seen = 0;
    },
    accepts(text) {
      if (!expecting) return false;
      if (UNDERLINE.test(text) || OMISSION.test(text)) return true;
      seen += 1;
      const isSource = indentationOf(text) > indentation || (indentation === 0 && seen === 1);
      if (isSource && seen === 1) setSourceLine(above, text);
      return isSource;
    },
    stop() {
      expecting = false;
    },
  };
}

function setSourceLine(frames: Frame[] | undefined, text: string): void {
  const frame = frames?.at(-1);
  if (frames === undefined || frame === undefined) return;
  frames[frames.length - 1] = { ...frame, sourceLine: text.trim() };
}

function indentationOf(text: string): number {
  return text.length - text.trimStart().length;
}
