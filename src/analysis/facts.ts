import { FrameKnowledge, type KnownFrame } from '../frames/known-frame.ts';
import { isUserCode } from '../frames/user-code.ts';
import type { Capture } from '../model/capture.ts';
import type { Process } from '../model/process.ts';
import type { Thread } from '../model/thread.ts';
import type { WaitGraph } from '../model/wait-graph.ts';
import { idleKind } from './idle.ts';
import { RoleReader } from './roles.ts';
import { buildWaitGraph, groupByProcess } from './wait-graph.ts';
import { readWait } from './waits.ts';

/** A thread with what the analysis knows of it. */
export interface ThreadFacts {
  readonly process: Process;
  /** With wait, role and user frame filled in. */
  readonly thread: Thread;
  /** The thread's frames with their categories, innermost first. */
  readonly frames: readonly KnownFrame[];
  /** Whether the stack lacks its outer end, by the tool's word or by what it ends in. */
  readonly cut: boolean;
}

/** Threads of equal stacks. Rules look at one of them, whatever their number. */
export interface Bucket {
  /** At least one; all show the same functions. */
  readonly threads: readonly ThreadFacts[];
  readonly sample: ThreadFacts;
}

/** What rules may look at: plain data, made once, read by all. */
export interface Facts {
  readonly capture: Capture;
  readonly threads: readonly ThreadFacts[];
  /** In the order of their first threads. */
  readonly buckets: readonly Bucket[];
  readonly waits: WaitGraph;
}

/** Derives all facts of a merged capture, each from those before it. */
export function gatherFacts(capture: Capture, knowledge = new FrameKnowledge()): Facts {
  const threads = capture.processes.flatMap((process) =>
    process.threads.map((thread) => draft(process, thread, knowledge)),
  );
  for (const { threads: alike, sample } of fillBuckets(threads)) {
    const idleAs = idleKind(sample);
    if (idleAs !== undefined) for (const one of alike) one.thread = { ...one.thread, idleAs };
  }
  const waits = buildWaitGraph(threads, capture.processes);
  const roles = new RoleReader(waits);
  for (const one of threads) one.thread = { ...one.thread, role: roles.roleOf(one) };
  const byProcess = groupByProcess(threads);
  const processes = capture.processes.map((process) => renewProcess(process, byProcess.get(process) ?? []));
  return { capture: { ...capture, processes }, threads, buckets: fillBuckets(threads), waits };
}

/** Facts in the making. */
type Draft = { -readonly [Key in keyof ThreadFacts]: ThreadFacts[Key] };

function draft(process: Process, thread: Thread, knowledge: FrameKnowledge): Draft {
  // Who has the GIL is in none of the calls that wait.
  const frames = thread.frames.map((frame, index) =>
    index === 0 && thread.gil !== 'holds' ? knowledge.lookUpInnermost(frame) : knowledge.lookUp(frame),
  );
  const user = thread.frames.findIndex(isUserCode);
  return {
    process,
    thread: { ...thread, wait: readWait(frames, process.pythonVersion), userFrame: user < 0 ? undefined : user },
    frames,
    cut: thread.truncated || endsEarly(frames),
  };
}

/** The process with its threads as the analysis knows them; the threads' facts then point to it. */
function renewProcess(process: Process, own: readonly Draft[]): Process {
  const renewed = { ...process, threads: own.map(({ thread }) => thread) };
  for (const one of own) one.process = renewed;
  return renewed;
}

/** People paste excerpts, and `bt 20` in a script does not say that it was cut: a whole stack ends where threads begin. */
function endsEarly(frames: readonly KnownFrame[]): boolean {
  const outermost = frames.at(-1);
  if (outermost === undefined || outermost.unnamed) return false;
  return !outermost.categories.has('thread-entry') && !/^(?:main|<module>|_run_module_as_main)$/.test(outermost.bare);
}

function fillBuckets<Known extends ThreadFacts>(threads: readonly Known[]): { threads: Known[]; sample: Known }[] {
  const buckets = new Map<string, { threads: Known[]; sample: Known }>();
  for (const thread of threads) {
    const key = bucketKey(thread);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, { threads: [thread], sample: thread });
    else bucket.threads.push(thread);
  }
  return [...buckets.values()];
}

/** Functions and files, not lines or addresses: workers of one pool are alike wherever in a loop they are. */
function bucketKey({ thread, frames, cut }: ThreadFacts): string {
  const { view } = thread;
  const head = `${view.python}${view.native}${view.interpreter}${cut}${thread.progress}${thread.collecting}${thread.gil}`;
  return `${head} ${frames.map(({ kind }) => kind).join(' ')}`;
}
