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
export function isUserCode({ language, file }: Frame): boolean {
  if (language !== 'python' || file === undefined || file === '' || file === '???') return false;
  if (PSEUDO.test(file) || INSTALLED.test(file) || STDLIB_FOLDER.test(file)) return false;
  const absolute = /^(?:[\\/]|[A-Za-z]:[\\/])/.test(file);
  if (absolute) return true;
  const [first = ''] = file.split(/[\\/]/);
  const module = first.replace(/\.pyc?$/, '');
  return !STDLIB_MODULES.has(module) && !KNOWN_PACKAGES.has(module);
}
