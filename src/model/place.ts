/** Where in the input a fact was read, so that every claim can be checked by hand. */
export interface Place {
  /** The input's name: a path, a path inside an archive, or `stdin`. */
  readonly source: string;
  /** Line number in that input, counted from 1. */
  readonly line: number;
}
