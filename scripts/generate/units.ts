import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A parser, rule or reporter: a file, or a folder with an index. */
export interface Unit {
  /** "py-spy-text", "zmq/zmq-context-finalized" */
  readonly name: string;
  /** Below src/, as it is imported. */
  readonly path: string;
}

/** Lists the units of a folder of src/, sorted; skips the contract file, and `_`-prefixed names, which are shared code. */
export function listUnits(root: string, folder: string, contract: string): Unit[] {
  return readdirSync(join(root, 'src', folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('_') && !name.startsWith('.') && name !== contract)
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (!entry.isDirectory()) return entry.name.endsWith('.ts') ? [{ name: entry.name.slice(0, -3), path }] : [];
      return existsSync(join(root, 'src', path, 'index.ts')) ? [{ name: entry.name, path: `${path}/index.ts` }] : [];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Rules stand one folder deeper, in the folder of their subject. */
export function listRules(root: string): Unit[] {
  return readdirSync(join(root, 'src/rules'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name)
    .sort()
    .flatMap((subject) =>
      listUnits(root, `rules/${subject}`, 'rule.ts').map((unit) => ({ ...unit, name: `${subject}/${unit.name}` })),
    );
}
