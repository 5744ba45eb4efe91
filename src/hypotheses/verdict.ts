import type { Facts, ThreadFacts } from '../analysis/facts.ts';
import type { Hypothesis, Verdict } from '../model/diagnosis.ts';

/** The diagnosis in one word. What only might be is a suspicion; what the dump does not tell is unknown. */
export function verdictOf(hypotheses: readonly Hypothesis[], facts: Facts): Verdict {
  const hung = hypotheses.filter(({ cause }) => cause !== 'healthy-idle');
  if (hung.some(({ confidence }) => confidence !== 'possible')) return 'hang';
  if (hung.length > 0) return 'suspect';
  return hypotheses.length > 0 || isHealthy(facts) ? 'healthy' : 'unknown';
}

/**
 * Every thread rests by design or gets on. Threads that wait for an answer are not healthy for that everybody else is idle,
 * so one of them is enough to say nothing.
 */
function isHealthy({ threads, waits, capture }: Facts): boolean {
  if (capture.tools.every((tool) => INTERRUPTED.has(tool))) return false;
  // A thread of which only the kernel tells may be any library's; the tools that show stacks show those that matter.
  const seen = threads.filter(({ frames }) => frames.some(({ frame }) => frame.language !== 'kernel'));
  // To be at work at one moment proves nothing: a busy loop is, too.
  const isContent = ({ thread }: ThreadFacts): boolean =>
    thread.role === 'idle' || (thread.role === 'working' && thread.progress === 'moving');
  return (
    seen.some(isContent) && waits.cycles.length === 0 && seen.every((thread) => isContent(thread) || isTimer(thread))
  );
}

/**
 * A traceback shows the thread that somebody interrupted, a failed test ran into its limit, and asyncio shows tasks:
 * rest is no sign of health in them.
 */
const INTERRUPTED: ReadonlySet<string> = new Set(['python', 'pytest-timeout', 'asyncio']);

/** A library's thread that sleeps between rounds: it wakes by itself, and holds up nobody. */
function isTimer({ thread, frames }: ThreadFacts): boolean {
  // Without Python frames it is not known whose code sleeps.
  const known = thread.view.python || !frames.some(({ categories }) => categories.has('eval'));
  return thread.wait?.kind === 'sleep' && thread.userFrame === undefined && known;
}
