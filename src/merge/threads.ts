import { lastPart } from '../frames/names.ts';
import type { Frame } from '../model/frame.ts';
import type { Thread } from '../model/thread.ts';
import { likeness } from './likeness.ts';

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
    const free = this.#groups.filter((group) => !group.some((member) => sameKind(member, thread)));
    const scores = free.map((group) => Math.max(...group.map((member) => likeness(member, thread))));
    const best = Math.max(...scores, 0);
    const chosen = best > 0 ? free[scores.indexOf(best)] : free.length === 1 && thread.id === '' ? free[0] : undefined;
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
    const group = known ?? [];
    if (known === undefined) this.#groups.push(group);
    group.push(thread);
    for (const id of ids) this.#byId.set(id, group);
    const stack = pythonStack(thread);
    if (stack !== '' && !this.#byStack.has(stack)) this.#byStack.set(stack, group);
  }

  /** Equal stacks are only believed where the tools do not both know ids of one kind. */
  #withSameStack(thread: Thread): Thread[] | undefined {
    const stack = pythonStack(thread);
    const group = stack === '' ? undefined : this.#byStack.get(stack);
    const conflict = group?.some(
      (member) =>
        (member.nativeId !== undefined && thread.nativeId !== undefined) ||
        (member.pthreadId !== undefined && thread.pthreadId !== undefined) ||
        sameKind(member, thread),
    );
    return conflict === true ? undefined : group;
  }
}

/** Two stacks of the same kind are two threads; a native and a Python one may be one. */
function sameKind(one: Thread, other: Thread): boolean {
  return one.view.python === other.view.python && one.view.interpreter === other.view.interpreter;
}

function pythonStack({ frames }: Thread): string {
  return frames
    .filter(({ language }) => language === 'python')
    .map(frameKey)
    .join('\n');
}

/** Tools shorten paths differently; the last part is common to all. */
export function frameKey({ function: name, file, line }: Frame): string {
  return `${lastPart(name)} ${file?.replace(/^.*[\\/]/, '')}:${line}`;
}
