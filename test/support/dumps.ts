import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hangCases } from './cases.ts';

export interface DumpFile {
  /** "zmq/context-finalized-at-exit/gdb.txt" */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** Real dumps whose file names match. */
export function realDumps(names: RegExp): DumpFile[] {
  return hangCases().flatMap(({ name, folder }) => {
    const dumps = join(folder, 'dumps');
    if (!existsSync(dumps)) return [];
    return readdirSync(dumps)
      .filter((file) => names.test(file))
      .sort()
      .map((file) => ({ name: `${name}/${file}`, file, text: readFileSync(join(dumps, file), 'utf8') }));
  });
}
