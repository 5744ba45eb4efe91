import type { Place } from './place.ts';

/** Which world a frame belongs to; a tool that shows one may be blind to the others. */
export type Language = 'python' | 'native' | 'kernel';

/** A name and the value that the tool printed for it, shortened and escaped as the tool does. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** One call on a stack. */
export interface Frame {
  readonly language: Language;
  /**
   * The function as the tool prints it: Python's `co_name` (or the qualified name where the tool knows it),
   * or the native name without its argument list. Empty when the tool knows no name.
   */
  readonly function: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** The shared library or executable that holds the code, as the tool prints it. */
  readonly module: string | undefined;
  /** The program counter, lower-case hexadecimal with `0x`. */
  readonly address: string | undefined;
  /** Arguments in order; empty when the tool shows none. */
  readonly arguments: readonly Variable[];
  readonly locals: readonly Variable[];
  /** The line of source that a Python frame is at, without indentation, where the tool prints it. */
  readonly sourceLine: string | undefined;
  /** Whether C code called this Python frame, so that an evaluation frame of its own stands below; unknown from most tools. */
  readonly entry: boolean | undefined;
  /** Whether the compiler inlined the call into the next outer frame. */
  readonly inlined: boolean;
  readonly place: Place;
}

const NONE: readonly Variable[] = [];

/** A frame whose facts are unknown unless given. Field by field, for there are millions of them. */
export function makeFrame(known: Partial<Frame> & Pick<Frame, 'language' | 'function' | 'place'>): Frame {
  return {
    language: known.language,
    function: known.function,
    file: known.file,
    line: known.line,
    module: known.module,
    address: known.address,
    arguments: known.arguments ?? NONE,
    locals: known.locals ?? NONE,
    sourceLine: known.sourceLine,
    entry: known.entry,
    inlined: known.inlined ?? false,
    place: known.place,
  };
}

/** Whether the tool could not name the function: stripped library, `??`, or a bare address. */
export function isUnnamed(frame: Frame): boolean {
  return (
    frame.function === '' || frame.function === '??' || frame.function === '???' || frame.function.startsWith('0x')
  );
}
