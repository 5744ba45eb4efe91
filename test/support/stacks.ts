import { FrameKnowledge, type KnownFrame } from '../../src/frames/known-frame.ts';
import { type Frame, makeFrame } from '../../src/model/frame.ts';
import type { View } from '../../src/model/thread.ts';

const knowledge = new FrameKnowledge();

/**
 * Frames from short lines, innermost first: "py __del__ zmq/context.py:74", "c poll libc.so.6", "c poll".
 * A word with a known ending is a file or module; a number behind a colon is a line.
 */
export function frames(...lines: readonly string[]): Frame[] {
  return lines.map((text, index) => {
    const [language, name = '', where] = text.split(' ');
    const [file, line] = (where ?? '').split(':');
    const python = language === 'py';
    return makeFrame({
      language: python ? 'python' : 'native',
      function: name,
      place: { source: 'test', line: index + 1 },
      ...(python || !/\.so/.test(file ?? '') ? { file: file || undefined } : { module: file }),
      line: line === undefined ? undefined : Number(line),
    });
  });
}

export function knownFrames(...lines: readonly string[]): KnownFrame[] {
  return frames(...lines).map((frame) => knowledge.lookUp(frame));
}

export const PYTHON_ONLY: View = { python: true, native: false, interpreter: false, everyThread: false };
export const PY_SPY_NATIVE: View = { python: true, native: true, interpreter: false, everyThread: false };
export const GDB: View = { python: false, native: true, interpreter: true, everyThread: true };
export const ALL: View = { python: true, native: true, interpreter: true, everyThread: true };
