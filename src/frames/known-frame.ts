import { type Frame, isUnnamed, type Language } from '../model/frame.ts';
import type { Category, FrameTable } from './categories.ts';
import { CLIENTS, NATIVE_CLIENTS } from './clients.ts';
import { CPYTHON } from './cpython.ts';
import { DATABASES, NATIVE_DATABASES } from './databases.ts';
import { DISTRIBUTED, DISTRIBUTED_PYTHON } from './distributed.ts';
import { NATIVE_LOOPS, PYTHON_LOOPS } from './event-loops.ts';
import { FILE_LOCKS } from './file-locks.ts';
import { KERNEL_IO } from './kernel-io.ts';
import { LIBC } from './libc.ts';
import { MORE_CLIENTS, MORE_NATIVE_CLIENTS } from './more-clients.ts';
import { bareName, canonicalName, lastPart, lastTwoParts, matchesGlob } from './names.ts';
import { NATIVE_LIBRARIES } from './native-libraries.ts';
import { isAt } from './places.ts';
import { PYTHON_STDLIB } from './python-stdlib.ts';
import { callOnLine } from './source-lines.ts';
import { isStandardLibrary } from './user-code.ts';
import { WINDOWS } from './windows.ts';
import { WORKERS } from './workers.ts';

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
  /** Whether one of the categories is of what its source line calls, not of the function itself. */
  readonly byLine: boolean;
  /** Equal for frames of the same function of the same file, in one diagnosis. */
  readonly kind: number;
}

type Known = Omit<KnownFrame, 'frame' | 'byLine'>;

interface Entry {
  readonly category: Category;
  readonly place: string | undefined;
}

/** Entries of one language by exact name, and those with wildcards by the characters before the first. */
interface Index {
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  readonly prefixes: readonly Wild[];
}

interface Wild extends Entry {
  readonly prefix: string;
  /** The whole name, where its wildcard is not the end of it. */
  readonly glob: string | undefined;
}

const NATIVE = buildIndex([
  LIBC,
  CPYTHON,
  NATIVE_LIBRARIES,
  NATIVE_LOOPS,
  NATIVE_CLIENTS,
  MORE_NATIVE_CLIENTS,
  NATIVE_DATABASES,
  DISTRIBUTED,
  KERNEL_IO,
  WINDOWS,
]);
const PYTHON = buildIndex([
  PYTHON_STDLIB,
  PYTHON_LOOPS,
  CLIENTS,
  MORE_CLIENTS,
  DATABASES,
  FILE_LOCKS,
  DISTRIBUTED_PYTHON,
  WORKERS,
]);
const INDEX: Readonly<Record<Language, Index>> = { native: NATIVE, kernel: NATIVE, python: PYTHON };

/**
 * Looks frames up, each distinct one once: dumps repeat the same few hundred functions many thousand times.
 * One instance serves one diagnosis, so that memory does not grow with the number of diagnoses.
 */
export class FrameKnowledge {
  readonly #known: Readonly<Record<Language, KnownBy>> = { python: new Map(), native: new Map(), kernel: new Map() };
  readonly #kinds = new Map<string, number>();

  lookUp(frame: Frame): KnownFrame {
    const known = this.#find(frame);
    // Field by field: this runs for each frame, and spreading objects is dear.
    const { bare, plain, canonical, categories, plumbing, unnamed, kind } = known;
    return { frame, bare, plain, canonical, categories, plumbing, unnamed, byLine: false, kind };
  }

  /** The innermost frame of a stack: its source line shows what it called in C, where no tool shows that call itself. */
  lookUpInnermost(frame: Frame): KnownFrame {
    const known = this.lookUp(frame);
    // The tables know the standard library better than its source lines tell.
    if (frame.sourceLine === undefined || isStandardLibrary(frame)) return known;
    const called = callOnLine(frame.sourceLine);
    if (called === undefined || known.categories.has(called)) return known;
    const kind = this.#kindOf(`${known.kind}\0${called}`);
    return { ...known, categories: new Set([...known.categories, called]), byLine: true, kind };
  }

  /** Maps in maps, since one key of all parts would have to be put together for each frame. */
  #find(frame: Frame): Known {
    const byFile = inner(this.#known[frame.language], frame.function);
    const byModule = inner(byFile, frame.file);
    const known = byModule.get(frame.module) ?? this.#classify(frame);
    byModule.set(frame.module, known);
    return known;
  }

  #classify(frame: Frame): Known {
    const known = classify(frame);
    const key = `${known.bare}\0${frame.file ?? frame.module ?? ''}`;
    return { ...known, kind: this.#kindOf(key) };
  }

  #kindOf(key: string): number {
    const kind = this.#kinds.get(key) ?? this.#kinds.size;
    this.#kinds.set(key, kind);
    return kind;
  }
}

/** By function, file and module. */
type KnownBy = Map<string, Map<string | undefined, Map<string | undefined, Known>>>;

function inner<Key, Of, Value>(maps: Map<Key, Map<Of, Value>>, key: Key): Map<Of, Value> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<Of, Value>();
  maps.set(key, made);
  return made;
}

function classify(frame: Frame): Omit<Known, 'kind'> {
  const bare = frame.language === 'python' ? frame.function : bareName(frame.function);
  const canonical = frame.language === 'python' ? bare : canonicalName(bare);
  const plain = lastPart(bare);
  const categories = new Set<Category>();
  const { exact, prefixes } = INDEX[frame.language];
  for (const name of new Set(frame.language === 'python' ? [bare, plain] : [bare, canonical, lastTwoParts(bare)])) {
    for (const entry of exact.get(name) ?? []) if (applies(entry, frame)) categories.add(entry.category);
    for (const entry of prefixes) if (matchesWild(entry, name) && applies(entry, frame)) categories.add(entry.category);
  }
  const unnamed = isUnnamed(frame);
  const plumbing = categories.has('plumbing') || (unnamed && C_LIBRARY.test(frame.module ?? ''));
  return { bare, plain, canonical, categories, plumbing, unnamed };
}

/** "0x7f7e350a3f16 (libc.so.6)": the inside of a call of the C library, whose exported names are known to every tool. */
const C_LIBRARY = /(?:^|\/)(?:libc|libpthread)[.-][^/]*$/;

function matchesWild({ prefix, glob }: Wild, name: string): boolean {
  return name.startsWith(prefix) && (glob === undefined || matchesGlob(glob, name));
}

function applies({ place }: Entry, frame: Frame): boolean {
  return place === undefined || isAt(frame, place);
}

function buildIndex(tables: readonly FrameTable[]): Index {
  const exact = new Map<string, Entry[]>();
  const prefixes: Wild[] = [];
  for (const table of tables) {
    for (const [category, names] of categoriesOf(table)) {
      for (const text of names) {
        const at = text.indexOf('@', 1);
        const name = at < 0 ? text : text.slice(0, at);
        const entry = { category, place: at < 0 ? undefined : text.slice(at + 1) };
        const star = name.indexOf('*');
        const glob = star === name.length - 1 ? undefined : name;
        if (star >= 0) prefixes.push({ ...entry, prefix: name.slice(0, star), glob });
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
