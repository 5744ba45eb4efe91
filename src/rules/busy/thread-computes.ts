import { isAtWork, waitsActively, workOf } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { waitsForGil } from '../../analysis/gil.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { Category } from '../../frames/categories.ts';
import type { Unseen } from '../../model/diagnosis.ts';
import type { WaitKind } from '../../model/wait.ts';
import { defineRule, type Match, type MatchedThread } from '../rule.ts';

export default defineRule({
  id: 'thread-computes',
  cause: 'busy-loop',
  library: undefined,
  title: 'nothing is stuck here: a thread is at work, and may be in a loop that does not end',
  summary:
    'No deadlock is visible. When the dump was taken this thread was running, and what the others do fits to that: they rest, or wait for it. Either it gets on and needs its time, or it goes round in a loop, or in one call that takes very long.',
  explanation:
    'A thread that is at work looks the same in one dump whether it will end or not. Loops without an end take full CPU: a retry without a pause, a socket that is closed and so always readable, a condition that nobody can fulfil any more, a structure that has become a ring, a regular expression or a query of exponential size. Only more moments tell them from honest work.',
  lastResort: true,
  signatures: [],
  match,
  needs: [
    'that the thread runs: py-spy dump --pid PID says "active", gdb shows it outside of the kernel',
    'a second dump, some seconds later',
  ],
  notWhen: [
    'an event loop is at work in a callback: it may come back any moment',
    'the work is expected to take that long: then nothing hangs',
    'two moments show different functions: it gets on',
    'the thread waits in the kernel, or for the GIL',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See where it spends its time: each line of the file is a stack and how often it was seen. A loop shows the same few functions again and again.',
      command: 'py-spy record --pid PID --duration 10 --format raw --output stacks.txt; cat stacks.txt',
    },
    {
      kind: 'fix',
      step: 'Find the condition that ends the loop, and what was to change it. Handle the empty answer of recv() and read(): it means the end.',
    },
    { kind: 'prevent', step: 'Bound retries and rounds, and wait between them for an event instead of asking.' },
    {
      kind: 'verify',
      step: 'The values of the loop change from one dump to the next.',
      command: 'py-spy dump --locals --pid PID',
    },
  ],
  references: [
    {
      title: 'py-spy: how do you detect if a thread is idle or not?',
      url: 'https://github.com/benfred/py-spy#how-do-you-detect-if-a-thread-is-idle-or-not',
      establishes:
        'whether a thread is active is read from the operating system: on Linux from /proc, on Windows from its system call',
    },
  ],
});

function* match({ threads, capture }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const liars = ofProcess.filter(waitsActively);
    const working = ofProcess.flatMap((thread): MatchedThread[] => {
      const work = servesLoop(thread) ? undefined : workOf(thread, liars);
      return work === undefined ? [] : [testimony(thread, work)];
    });
    if (working.length === 0 || ofProcess.some((one) => isAtWork(one) && one.thread.progress === 'moving')) continue;
    const known = new Set(working.map(({ thread }) => thread));
    const isMain = working.some(({ thread }) => thread.thread.name === 'MainThread' || isFirst(thread));
    if (isMain || ofProcess.every((one) => known.has(one) || fitsWork(one)))
      yield { confidence: 'possible', threads: working, unseen: whatIsUnseen(working, capture.moments) };
  }
}

function testimony(thread: ThreadFacts, note: string): MatchedThread {
  const python = thread.thread.frames.findIndex(({ language }) => language === 'python');
  return {
    thread,
    note,
    frames: thread.thread.frames
      .slice(Math.max(0, python), Math.max(0, python) + 1)
      .map((frame) => ({ index: Math.max(0, python), frame, note: 'at work here' })),
  };
}

function whatIsUnseen([first]: readonly MatchedThread[], moments: number): Unseen[] {
  if (first === undefined) return [];
  const { thread, process } = first.thread;
  const pid = process.pid ?? 'PID';
  // At work without the GIL is native code, and so may be a holder of the GIL who is not said to run: either may wait there.
  if (!thread.view.native && (thread.gil !== 'holds' || thread.activity === undefined))
    return [
      {
        what: 'this dump has no C frames: what the thread does is not known',
        command: `gdb -p ${pid} -batch -ex 'thread apply all bt' > gdb.txt`,
      },
    ];
  if (moments > 1) return [];
  return [
    {
      what: 'one moment does not tell a loop from work that gets on',
      command: `py-spy dump --pid ${pid} > py-spy.2.txt`,
    },
  ];
}

/** A loop that is at work in a callback serves somebody: for longer than a moment only two moments tell. */
function servesLoop({ frames }: ThreadFacts): boolean {
  return frames.some(({ categories }) => LOOPS.some((loop) => categories.has(loop)));
}

const LOOPS: readonly Category[] = ['event-loop', 'loop-callback', 'green-thread'];

function isFirst({ thread, process }: ThreadFacts): boolean {
  return thread.nativeId !== undefined && thread.nativeId === process.pid;
}

/** A thread that rests, sleeps, waits its turn, or waits for somebody's work; what is not seen to wait for more is no reason. */
function fitsWork(one: ThreadFacts): boolean {
  const { thread } = one;
  if (thread.frames.length === 0 || thread.role === 'idle' || waitsForGil(one) || isAtWork(one)) return true;
  return thread.wait === undefined || thread.wait.timeout === 'some' || FITS.has(thread.wait.kind);
}

const FITS: ReadonlySet<WaitKind> = new Set<WaitKind>([
  'sleep',
  'join',
  'gil',
  'condition',
  'semaphore',
  'poll',
  'accept',
]);
