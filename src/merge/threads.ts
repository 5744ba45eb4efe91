import { lastPart } from '../frames/names.ts';
import type { Frame } from '../model/frame.ts';
import type { Thread } from '../model/thread.ts';
import { Likeness } from './likeness.ts';

/** The sightings of one thread by several tools. */
export type SeenThread = readonly Thread[];

/**
 * Joins the threads that several tools saw at one moment: by the kernel's id, then by the pthread id (gdb knows both),
 * then by equal Python stacks, and a backtrace without any id by what it calls.
 */
export function joinThreads(threadsByTool: readonly (readonly Thread[])[]): SeenThread[] {
  const joiner = new ThreadJoiner();
  const all = threadsByTool.flat();
  // Threads with both kinds of id first: they connect those that have one kind each.
  const order = [...all].sort((one, other) => idCount(other) - idCount(one));
  for (const thread of order) if (idCount(thread) > 0) joiner.addById(thread);
  for (const thread of order) if (idCount(thread) === 0) joiner.addByLikeness(thread);
  return joiner.inOrderOf(all);
}

function idCount({ nativeId, pthreadId }: Thread): number {
  return (nativeId === undefined ? 0 : 1) + (pthreadId === undefined ? 0 : 1);
}

class ThreadJoiner {
  readonly #groups: Thread[][] = [];
  /** Groups that have no stack of a kind yet, by the kind. */
  readonly #lacking = new Map<string, Set<Thread[]>>();
  readonly #likeness = new Likeness();
  readonly #byId = new Map<string, Thread[]>();
  /** Groups by their Python stack, for tools that share no kind of id. */
  readonly #byStack = new Map<string, Thread[]>();

  addById(thread: Thread): void {
    const ids = [
      ...(thread.nativeId === undefined ? [] : [`task ${thread.nativeId}`]),
      ...(thread.pthreadId === undefined ? [] : [`pthread ${thread.pthreadId}`]),
    ];
    const known =
      ids.map((id) => this.#byId.get(id)).find((group) => group !== undefined) ?? this.#withSameStack(thread);
    this.#join(known, thread, ids);
  }

  addByLikeness(thread: Thread): void {
    const same = this.#withSameStack(thread);
    if (same !== undefined) {
      this.#join(same, thread, []);
      return;
    }
    const free = [...(this.#lacking.get(kindOf(thread)) ?? [])];
    let best = 0;
    let chosen = thread.id === '' ? onlyOrMain(free) : undefined;
    for (const group of free) {
      const score = Math.max(...group.map((member) => this.#likeness.between(member, thread)));
      if (score > best) chosen = group;
      best = Math.max(best, score);
    }
    const note = 'its backtrace names no thread: joined with the stack that it fits best';
    this.#join(chosen, chosen === undefined ? thread : { ...thread, notes: [...thread.notes, note] }, []);
  }

  inOrderOf(all: readonly Thread[]): SeenThread[] {
    const position = new Map(all.map((thread, index) => [thread.place, index]));
    const first = (group: readonly Thread[]): number => Math.min(...group.map(({ place }) => position.get(place) ?? 0));
    return this.#groups
      .map((group) => ({ group, at: first(group) }))
      .sort((one, other) => one.at - other.at)
      .map(({ group }) => group);
  }

  #join(known: Thread[] | undefined, thread: Thread, ids: readonly string[]): void {
    const group = known ?? this.#newGroup();
    group.push(thread);
    this.#lacking.get(kindOf(thread))?.delete(group);
    for (const id of ids) this.#byId.set(id, group);
    const stack = pythonStack(thread);
    if (stack !== '' && !this.#byStack.has(stack)) this.#byStack.set(stack, group);
  }

  #newGroup(): Thread[] {
    const group: Thread[] = [];
    this.#groups.push(group);
    for (const kind of KINDS) {
      const lacking = this.#lacking.get(kind) ?? new Set();
      this.#lacking.set(kind, lacking.add(group));
    }
    return group;
  }

  /** Equal stacks are only believed where the tools do not both know ids of one kind. */
  #withSameStack(thread: Thread): Thread[] | undefined {
    const stack = pythonStack(thread);
    const group = stack === '' ? undefined : this.#byStack.get(stack);
    const conflict = group?.some(
      (member) =>
        (member.nativeId !== undefined && thread.nativeId !== undefined) ||
        (member.pthreadId !== undefined && thread.pthreadId !== undefined) ||
        kindOf(member) === kindOf(thread),
    );
    return conflict === true ? undefined : group;
  }
}

/** A debugger that nobody told otherwise stands at the main thread, which gdb numbers 1. */
function onlyOrMain(groups: readonly Thread[][]): Thread[] | undefined {
  if (groups.length === 1) return groups[0];
  return groups.find((group) => group.some(({ id, name }) => id === '1' || name === 'MainThread'));
}

/** Two stacks of the same kind are two threads; a native and a Python one may be one. */
function kindOf({ view }: Thread): (typeof KINDS)[number] {
  if (view.python) return view.interpreter ? 'both' : 'python';
  return view.interpreter ? 'interpreter' : 'neither';
}

const KINDS = ['python', 'interpreter', 'both', 'neither'] as const;

function pythonStack({ frames }: Thread): string {
  return frames
    .filter(({ language }) => language === 'python')
    .map(frameKey)
    .join('\n');
}

/** Tools shorten paths differently; the last part is common to all. */
export function frameKey({ function: name, file, line }: Frame): string {
  return `${lastPart(name)} ${file === undefined ? '' : fileName(file)}:${line}`;
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
