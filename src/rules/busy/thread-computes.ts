import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isOwnCode } from '../../analysis/lock-sight.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { Category } from '../../frames/categories.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'thread-computes',
  cause: 'busy-loop',
  library: undefined,
  title: 'nothing is stuck here: a thread is at work, and may be in a loop that does not end',
  summary:
    'The thread was not waiting when the dump was taken; it ran code. If the program does not get on, this is a loop whose end never comes, or a step that takes far longer than expected.',
  explanation:
    'A loop whose end depends on something that no longer changes (a closed socket that is always readable, a flag that nobody sets, a queue that grows faster than it is emptied, a search whose effort explodes with its input) takes full CPU and shows no wait. One dump cannot tell it from work that takes its time: several can.',
  general: true,
  signatures: [],
  match,
  needs: ['whether it moves: py-spy dump --pid PID; sleep 5; py-spy dump --pid PID'],
  notWhen: [
    'an event loop is at work in a callback: it may come back any moment',
    'another thread waits for something that explains the hang',
    'the lines differ between two moments: it gets on',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See where it spends its time: each line of the file is a stack and how often it was seen. A loop shows the same few functions again and again.',
      command: 'py-spy record --pid PID --duration 10 --format raw --output stacks.txt; cat stacks.txt',
    },
    {
      kind: 'fix',
      step: 'Look at the condition that ends the loop, at what its values are, and at the size of what it goes through.',
      command: 'py-spy dump --locals --pid PID',
    },
    {
      kind: 'prevent',
      step: 'Bound loops that wait for something: a count, a deadline, a sleep; log every nth round.',
    },
    { kind: 'verify', step: 'The thread uses less than a whole processor.', command: 'top -H -p PID' },
  ],
  references: [
    {
      title: 'py-spy: how to tell idle from active',
      url: 'https://github.com/benfred/py-spy#how-does-py-spy-work',
      establishes: 'whether a thread is idle is read from the operating system; who holds the GIL from the interpreter',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    const computing = own.filter(computes);
    if (computing.length === 0 || own.some(waitsForWhatExplains)) continue;
    yield {
      confidence: 'possible',
      threads: computing.map((thread) =>
        witness(thread, 'runs code', [{ find: (frame) => isOwnCode(frame), note: 'at work here' }]),
      ),
      unseen: computing.every(({ thread }) => thread.view.native) ? [] : [NATIVE],
    };
  }
}

const NATIVE = {
  what: 'whether native code below it computes, or waits with the processor in use',
  command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
};

const LOOPS: readonly Category[] = ['event-loop', 'loop-callback', 'green-thread'];

/** In code of the program or a library, by the word of a tool, or since the interpreter's own loop is the innermost call. */
function computes({ thread, frames }: ThreadFacts): boolean {
  const { activity, wait, idleAs, progress, view, gil } = thread;
  if (wait !== undefined || idleAs !== undefined || progress === 'moving' || progress === 'spinning') return false;
  if (frames.some(({ categories }) => LOOPS.some((loop) => categories.has(loop)))) return false;
  const innermost = frames.find(({ unnamed, plumbing }) => !unnamed && !plumbing);
  const evaluates = view.interpreter && innermost !== undefined && isInterpreter(innermost);
  const runs = activity === 'active' || (activity === undefined && gil === 'holds');
  return evaluates || (runs && frames.some(isOwnCode));
}

/** The interpreter's own code that is no wait: its loop, or a function that works on objects. */
function isInterpreter({ categories, bare, frame }: KnownFrame): boolean {
  return (
    categories.has('eval') ||
    (frame.language === 'native' &&
      /^_?Py[A-Z]\w*_\w/.test(bare) &&
      /^(?:.*[\\/])?(?:Objects|Python)[\\/]/.test(frame.file ?? ''))
  );
}

/** Who rests, waits for a thread or a time, or for a signal, is no other explanation. */
function waitsForWhatExplains({ thread }: ThreadFacts): boolean {
  const { wait, idleAs } = thread;
  return (
    wait !== undefined &&
    idleAs === undefined &&
    wait.timeout !== 'some' &&
    !/^(?:join|condition|semaphore|sleep|poll|accept)$/.test(wait.kind)
  );
}
