import type { Frame } from '../../model/frame.ts';
import type { Activity } from '../../model/thread.ts';
import type { Line } from '../parser.ts';
import { draftThread, type ThreadDraft } from './drafts.ts';
import { PYTHON_VIEW } from './views.ts';

/** One stack of a sampling profile, and how often it was seen. */
export interface Sampled {
  readonly line: Line;
  readonly samples: number;
  /** Time or bytes, where the profiler weighs samples; else their number. */
  readonly weight: number;
  readonly activity: Activity | undefined;
}

/** The stacks of one thread, by their text. */
export interface ThreadProfile {
  readonly id: string;
  readonly nativeId: number | undefined;
  readonly name: string | undefined;
  readonly stacks: Map<string, Sampled>;
}

export function addSample(profile: ThreadProfile, stack: string, sample: Sampled): void {
  const known = profile.stacks.get(stack);
  const { samples, weight } = sample;
  profile.stacks.set(
    stack,
    known === undefined ? sample : { ...known, samples: known.samples + samples, weight: known.weight + weight },
  );
}

/** The heaviest stacks of a profile, with how much of it they make up. */
export function heaviest(profile: ThreadProfile, most: number): Share[] {
  const entries = [...profile.stacks].map(([stack, sampled]) => ({ stack, sampled }));
  const total = entries.reduce((sum, { sampled }) => sum + sampled.weight, 0);
  return entries
    .sort((one, other) => other.sampled.weight - one.sampled.weight)
    .slice(0, most)
    .map((entry) => ({ ...entry, share: total === 0 ? 1 : entry.sampled.weight / total }));
}

export interface Share {
  readonly stack: string;
  readonly sampled: Sampled;
  readonly share: number;
}

/** Reads the text of a stack into frames, innermost first. */
export type ReadStack = (stack: string, line: Line) => Frame[];

/** A thread with the stack that it was seen in for longest: where a hung process spends all its time. */
export function toThread(profile: ThreadProfile, source: string, read: ReadStack): ThreadDraft | undefined {
  const [top] = heaviest(profile, 1);
  if (top === undefined) return undefined;
  const thread = toStackThread(profile, top, source, read);
  const samples = [...profile.stacks.values()].reduce((sum, stack) => sum + stack.samples, 0);
  thread.notes.push(`in this stack for ${Math.round(top.share * 100)} % of ${samples} samples`);
  // One stack in every sample is many moments without a step.
  if (profile.stacks.size === 1 && samples > 1) thread.progress = 'stuck';
  return thread;
}

export function toStackThread(profile: ThreadProfile, top: Share, source: string, read: ReadStack): ThreadDraft {
  const { line, activity } = top.sampled;
  const { id, nativeId, name } = profile;
  const frames = read(top.stack, line);
  const collecting = frames.some((frame) => frame.function === '<GC>');
  const place = { source, line: line.number };
  return draftThread({ id, nativeId, name, activity, collecting, view: PYTHON_VIEW, frames, place });
}
