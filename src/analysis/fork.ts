import type { KnownFrame } from '../frames/known-frame.ts';
import { isAt } from '../frames/places.ts';

/** The frame in which multiprocessing forks: on the stack of the child it stands below everything that the child does. */
export function isForkFrame({ frame, plain }: KnownFrame): boolean {
  return plain === '_launch' && isAt(frame, 'multiprocessing/popen_fork.py');
}
