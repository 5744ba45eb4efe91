import type { Io, Output } from './io.ts';

/** Of a pipe or a file, whose width nobody knows. */
const PIPE_WIDTH = 100;

/** Colour: the flag, then FORCE_COLOR, then NO_COLOR, then whether it is a terminal that can. */
export function wantsColor(flag: boolean | undefined, { isTerminal }: Output, env: Io['env']): boolean {
  if (flag !== undefined) return flag;
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isTerminal && env.TERM !== 'dumb';
}

export function widthOf({ columns }: Output, asked: number | undefined): number {
  return asked ?? (columns === undefined || columns === 0 ? PIPE_WIDTH : columns);
}

/** Only a locale that says otherwise rules Unicode out: containers set none, and their terminals show it. */
export function showsUnicode(env: Io['env']): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}
