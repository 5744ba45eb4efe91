/**
 * Knows which lines below a frame are its source. The traceback module indents them deeper than the frame; pastes lose
 * the indentation, and then only the position tells: one line of source, and what underlines it.
 */
export interface SourceLines {
  /** To be called for each frame. */
  expectAfter(frame: string): void;
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
  let indentation = 0;
  let seen = 0;
  return {
    expectAfter(frame) {
      expecting = true;
      indentation = indentationOf(frame);
      seen = 0;
    },
    accepts(text) {
      if (!expecting) return false;
      if (UNDERLINE.test(text) || OMISSION.test(text)) return true;
      seen += 1;
      return indentationOf(text) > indentation || (indentation === 0 && seen === 1);
    },
    stop() {
      expecting = false;
    },
  };
}

function indentationOf(text: string): number {
  return text.length - text.trimStart().length;
}
