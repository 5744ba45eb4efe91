import type { Frame } from '../model/frame.ts';
import { KNOWN_PACKAGES } from './known-packages.ts';
import { STDLIB_MODULES } from './stdlib-modules.ts';

/** "/usr/lib/python3.11/site-packages/x.py", "/usr/lib/python3/dist-packages/x.py" */
const INSTALLED = /[\\/](?:site|dist)-packages[\\/]/;

/** "/opt/python/3.11.7/lib/python3.11/threading.py", "C:\Python311\Lib\threading.py", "…/python3.11/lib-dynload/" */
const STDLIB_FOLDER =
  /[\\/]lib(?:64)?[\\/](?:python|pypy)\d(?:\.\d+)?t?[\\/]|[\\/]Lib[\\/]\w+\.py$|python\d+\.zip[\\/]/;

/** "<frozen importlib._bootstrap>", "<string>", "<__array_function__ internals>". "<stdin>" and notebooks are the user's. */
const PSEUDO = /^<(?!stdin|ipython|cell|string>)/;

/** Whether a Python frame is code of the program itself, not of the standard library or of an installed package. */
export function isUserCode(frame: Frame): boolean {
  const { language, file } = frame;
  if (language !== 'python' || file === undefined || file === '' || file === '???') return false;
  if (INSTALLED.test(file) || isStandardLibrary(frame)) return false;
  return isAbsolute(file) || !KNOWN_PACKAGES.has(moduleOf(file));
}

/** Whether a Python frame is code of the standard library, or none of any file. */
export function isStandardLibrary({ file = '' }: Frame): boolean {
  if (INSTALLED.test(file)) return false;
  return PSEUDO.test(file) || STDLIB_FOLDER.test(file) || (!isAbsolute(file) && STDLIB_MODULES.has(moduleOf(file)));
}

function isAbsolute(file: string): boolean {
  return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(file);
}

/** "threading" of "threading.py", "multiprocessing" of "multiprocessing/pool.py". */
function moduleOf(file: string): string {
  const [first = ''] = file.split(/[\\/]/);
  return first.replace(/\.pyc?$/, '');
}
