import type { Frame } from '../model/frame.ts';
import { matchesGlob } from './names.ts';

/**
 * Whether a frame lies at a place: a tail of its file's path or of its module's ("zmq/sugar/context.py", "threading.py"),
 * a folder of its path ("zmq/"), or a glob on the last part of either ("libzmq*").
 */
export function isAt(frame: Frame, place: string): boolean {
  return (
    (frame.file !== undefined && (pathMatches(frame.file, place) || isAtOffshoot(frame.file, place))) ||
    (frame.module !== undefined && pathMatches(frame.module, place))
  );
}

const MULTIPROCESSING = 'multiprocessing/';

/** Copies of the standard package under names of their own: of pathos and datasets, and of celery. */
const OFFSHOOT = /(?:^|[\\/])(?:multiprocess|billiard)[\\/](?=[^\\/]+$)/;

function isAtOffshoot(file: string, place: string): boolean {
  return (
    place.startsWith(MULTIPROCESSING) &&
    OFFSHOOT.test(file) &&
    pathMatches(file.replace(OFFSHOOT, `/${MULTIPROCESSING}`), place)
  );
}

function pathMatches(path: string, place: string): boolean {
  const normal = path.includes('\\') ? path.replaceAll('\\', '/') : path;
  if (place.endsWith('/')) return normal.startsWith(place) || normal.includes(`/${place}`);
  if (place.includes('*')) return matchesGlob(place, lastParts(normal, place));
  return normal === place || normal.endsWith(`/${place}`);
}

/** As many last parts as the place has: rules ask this of every frame, so nothing is taken apart for it. */
function lastParts(path: string, place: string): string {
  let cut = path.lastIndexOf('/');
  for (let slash = place.indexOf('/'); slash >= 0 && cut > 0; slash = place.indexOf('/', slash + 1))
    cut = path.lastIndexOf('/', cut - 1);
  return path.slice(cut + 1);
}
