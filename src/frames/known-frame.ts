import { type Frame, isUnnamed, type Language } from '../model/frame.ts';
import type { Category, FrameTable } from './categories.ts';
import { CLIENTS, NATIVE_CLIENTS } from './clients.ts';
import { CPYTHON } from './cpython.ts';
import { DATABASES, NATIVE_DATABASES } from './databases.ts';
import { FILE_LOCKS } from './file-locks.ts';
import { KERNEL_IO } from './kernel-io.ts';
import { LIBC } from './libc.ts';
import { bareName, canonicalName, lastPart } from './names.ts';
import { isAt } from './places.ts';
import { PYTHON_STDLIB } from './python-stdlib.ts';

/** A frame together with what the tables know of it. */
export interface KnownFrame {
  readonly frame: Frame;
  /** Without parameters, template arguments and suffixes. */
  readonly bare: string;
  /** The last part of the bare name alone. */
  readonly plain: string;
  /** Without the aliases of C libraries. */
  readonly canonical: string;
  readonly categories: ReadonlySet<Category>;
  /** Carries calls between layers; not counted when a signature says "directly" or "innermost". */
  readonly plumbing: boolean;
  readonly unnamed: boolean;
}

interface Entry {
  readonly category: Category;
  readonly place: string | undefined;
}

/** Entries of one language by exact name, and those with a wildcard by the characters before it. */
interface Index {
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  readonly prefixes: readonly (Entry & { readonly prefix: string })[];
}

const NATIVE = buildIndex([LIBC, CPYTHON, NATIVE_CLIENTS, NATIVE_DATABASES, KERNEL_IO]);
const PYTHON = buildIndex([PYTHON_STDLIB, CLIENTS, DATABASES, FILE_LOCKS]);
const INDEX: Readonly<Record<Language, Index>> = { native: NATIVE, kernel: NATIVE, python: PYTHON };

/**
 * Looks frames up, each distinct one once: dumps repeat the same few hundred functions many thousand times.
 * One instance serves one diagnosis, so that memory does not grow with the number of diagnoses.
 */
export class FrameKnowledge {
  readonly #known = new Map<string, Omit<KnownFrame, 'frame'>>();

  lookUp(frame: Frame): KnownFrame {
    const key = `${frame.language}\0${frame.function}\0${frame.file}\0${frame.module}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = classify(frame);
      this.#known.set(key, known);
    }
    return { frame, ...known };
  }
}

function classify(frame: Frame): Omit<KnownFrame, 'frame'> {
  const bare = frame.language === 'python' ? frame.function : bareName(frame.function);
  const canonical = frame.language === 'python' ? bare : canonicalName(bare);
  const plain = lastPart(bare);
  const categories = new Set<Category>();
  const { exact, prefixes } = INDEX[frame.language];
  for (const name of new Set(frame.language === 'python' ? [bare, plain] : [bare, canonical])) {
    for (const entry of exact.get(name) ?? []) if (applies(entry, frame)) categories.add(entry.category);
    for (const entry of prefixes)
      if (name.startsWith(entry.prefix) && applies(entry, frame)) categories.add(entry.category);
  }
  return { bare, plain, canonical, categories, plumbing: categories.has('plumbing'), unnamed: isUnnamed(frame) };
}

function applies({ place }: Entry, frame: Frame): boolean {
  return place === undefined || isAt(frame, place);
}

function buildIndex(tables: readonly FrameTable[]): Index {
  const exact = new Map<string, Entry[]>();
  const prefixes: (Entry & { prefix: string })[] = [];
  for (const table of tables) {
    for (const [category, names] of categoriesOf(table)) {
      for (const text of names) {
        const at = text.indexOf('@', 1);
        const name = at < 0 ? text : text.slice(0, at);
        const entry = { category, place: at < 0 ? undefined : text.slice(at + 1) };
        if (name.endsWith('*')) prefixes.push({ ...entry, prefix: name.slice(0, -1) });
        else exact.set(name, [...(exact.get(name) ?? []), entry]);
      }
    }
  }
  return { exact, prefixes };
}

/** `Object.entries` with the keys' type kept. */
function categoriesOf(table: FrameTable): [Category, readonly string[]][] {
  const pairs: [Category, readonly string[]][] = [];
  for (const category of Object.keys(table))
    if (isCategoryOf(table, category)) pairs.push([category, table[category] ?? []]);
  return pairs;
}

function isCategoryOf(table: FrameTable, key: string): key is Category {
  return key in table;
}
