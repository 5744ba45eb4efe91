import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Host } from './host.ts';
import { runCommand } from './run-command.ts';

/** Files of /proc are short; what is longer is not what is looked for. */
const LONGEST = 4 * 1024 * 1024;

/** This machine. */
export function localHost(): Host {
  return {
    name: 'this machine',
    isLocal: true,
    run: (command, args, options) => runCommand([command, ...args], options),
    readFile: (path) => quietly(() => readText(path)),
    readFiles: (paths) => gather(paths, readText),
    readLink: (path) => quietly(() => readlink(path)),
    readLinks: (paths) => gather(paths, (path) => readlink(path)),
    listDir: (path) => quietly(() => readdir(path)),
  };
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path);
  return bytes.subarray(0, LONGEST).toString('utf8');
}

/** A process may end between any two reads, and much of /proc is for its owner only: that is an answer, too. */
async function quietly<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

const AT_ONCE = 64;

async function gather(
  paths: readonly string[],
  read: (path: string) => Promise<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    const some = paths.slice(start, start + AT_ONCE);
    const texts = await Promise.all(some.map((path) => quietly(() => read(path))));
    some.forEach((path, index) => {
      const text = texts[index];
      if (text !== undefined) found.set(path, text);
    });
  }
  return found;
}
