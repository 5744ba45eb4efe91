import { readFile, realpath, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Input } from '../input/read.ts';
import type { Warning } from '../model/dump.ts';
import { type Budget, newBudget } from './archive-budget.ts';
import { kindOf } from './archive-kind.ts';
import type { Member } from './archives.ts';
import { recogniseBinary } from './binary-files.ts';
import type { Io } from './io.ts';

/** What was found under the names that were given. Trouble with one of them is a warning; the rest is read all the same. */
export interface Gathered {
  readonly inputs: readonly Input[];
  readonly warnings: readonly Warning[];
  /** Names of inputs that nobody named: they were found in a folder, and need not hold a dump. */
  readonly found: ReadonlySet<string>;
}

/** Larger texts do not fit into one string of the engine, and are no dump. */
const LARGEST = 400 * 1024 * 1024;
const STDIN = 'stdin';

export async function gatherInputs(names: readonly string[], io: Io): Promise<Gathered> {
  const inputs: Input[] = [];
  const warnings: Warning[] = [];
  const found = new Set<string>();
  // The same file given twice would look like two moments without movement.
  const seen = new Set<string>();
  const budget = newBudget();
  for (const name of names.length === 0 ? ['-'] : names) {
    for (const one of await findInputs(name, io.cwd)) {
      if (seen.has(one.key)) continue;
      seen.add(one.key);
      for (const read of 'problem' in one ? [one.problem] : await readOne(one, io, budget)) {
        if ('code' in read) warnings.push(read);
        else inputs.push(read);
        // Nobody named the files in an archive either.
        if ('name' in read && 'name' in one && (one.walked || read.name !== one.name)) found.add(read.name);
      }
    }
  }
  return { inputs, warnings, found };
}

interface Candidate {
  /** The same for two names of one file. */
  readonly key: string;
  readonly name: string;
  /** Absolute; absent for standard input. */
  readonly path: string | undefined;
  readonly walked: boolean;
}

type Found = Candidate | { readonly key: string; readonly problem: Warning };

async function findInputs(name: string, cwd: string): Promise<Found[]> {
  if (name === '-') return [{ key: '-', name: STDIN, path: undefined, walked: false }];
  try {
    const path = await realpath(resolve(cwd, name));
    if ((await stat(path)).isDirectory()) return walk(name, { patterns: ['**/*'], folder: path, cwd });
    return [{ key: path, name, path, walked: false }];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && (await import('tinyglobby')).isDynamicPattern(name))
      return walk(name, { patterns: [name], folder: cwd, cwd });
    return [{ key: name, problem: unreadable(name, error) }];
  }
}

async function walk(
  name: string,
  { patterns, folder, cwd }: { patterns: string[]; folder: string; cwd: string },
): Promise<Found[]> {
  const { glob } = await import('tinyglobby');
  const paths = await glob(patterns, {
    cwd: folder,
    absolute: true,
    onlyFiles: true,
    followSymbolicLinks: false,
    expandDirectories: false,
  });
  if (paths.length === 0) {
    const hint = 'Check the pattern, and quote it so that the shell leaves it alone. Hidden files are not looked at.';
    return [
      { key: name, problem: { code: 'no-files', message: 'no file there', hint, source: name, line: undefined } },
    ];
  }
  return paths.sort().map((path) => ({ key: path, name: relative(cwd, path) || path, path, walked: true }));
}

async function readOne({ name, path }: Candidate, io: Io, budget: Budget): Promise<(Input | Warning)[]> {
  try {
    if (path === undefined) return await toInputs(name, await io.stdin.read(), budget);
    const { size } = await stat(path);
    return size > LARGEST ? [tooLarge(name, size)] : await toInputs(name, await readFile(path), budget);
  } catch (error) {
    return [unreadable(name, error)];
  }
}

async function toInputs(name: string, bytes: Uint8Array, budget: Budget): Promise<(Input | Warning)[]> {
  // Loaded when needed, as is the library for patterns: most inputs are a file or two.
  const expanded =
    kindOf(bytes) === undefined
      ? undefined
      : await (await import('./archives.ts')).expandArchive({ name, bytes }, budget);
  if (expanded === undefined) return [toInput(name, bytes)];
  const members = await Promise.all(expanded.members.map(fromMember));
  return [...members.flat(), ...expanded.warnings];
}

/** What a capture's manifest says is known about the dumps beside it. */
async function fromMember({ name, bytes }: Member): Promise<readonly (Input | Warning)[]> {
  const { readManifest } = await import('./manifest.ts');
  return readManifest(name, bytes) ?? [toInput(name, bytes)];
}

function toInput(name: string, bytes: Uint8Array): Input | Warning {
  const binary = recogniseBinary(bytes);
  if (binary === undefined) return { name, bytes };
  return {
    code: 'binary-input',
    message: `${binary.what}, not text`,
    hint: binary.hint,
    source: name,
    line: undefined,
  };
}

function tooLarge(name: string, size: number): Warning {
  const message = `too large to read (${Math.round(size / 1024 / 1024)} MiB, the limit is ${LARGEST / 1024 / 1024})`;
  return { code: 'input-too-large', message, hint: 'Cut the dumps out of it first.', source: name, line: undefined };
}

/** What the operating system says, in words, with the way out. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: [
    'no such file or folder',
    'Check the path. Without a file, whyhung reads standard input: py-spy dump --pid PID | whyhung',
  ],
  EACCES: ['no right to read it', 'Read it with more rights: sudo cat FILE | whyhung'],
  EPERM: ['no right to read it', 'Read it with more rights: sudo cat FILE | whyhung'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'Check the path.'],
  ELOOP: ['its symbolic links go round in a circle', 'Give the file that they should lead to.'],
};

function unreadable(name: string, error: unknown): Warning {
  const [reason, hint] = REASONS[codeOf(error)] ?? [
    error instanceof Error ? error.message : String(error),
    'Check that it is a file that can be read.',
  ];
  const pid = /^\d+$/.test(name) ? `To look at the process ${name}: whyhung attach ${name}` : undefined;
  return {
    code: 'unreadable-input',
    message: `cannot be read: ${reason}`,
    hint: pid ?? hint,
    source: name,
    line: undefined,
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
