import { parentsOfWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

/** What waits for children by design, or at an exit, of which another rule speaks. */
const ELSEWHERE = /^(?:_handle_workers|_exit_function|run_until_complete|_python_exit)$/;

export default defineRule({
  id: 'child-does-not-end',
  cause: 'lost-worker',
  library: undefined,
  title: 'the process waits for a child that does not end',
  summary:
    'The thread waits for another process to end, without a limit. What holds that child is the cause; this process is only waiting. If the child is gone already, somebody else has taken its exit status.',
  explanation:
    'Calls of wait() and join() return when the child has ended, however long that takes. A child that hangs, in a lock it inherited, in a read, at its own exit, holds its parent for ever, and the stack of the parent does not tell why. Starting a program waits, too: until the forked child has become that program, which it never does where it hangs in preexec_fn, in a fork handler of a library, or at a file server. Look at the child.',
  general: true,
  signatures: [],
  match,
  needs: ['the Python frames of the parent and its children: py-spy dump --subprocesses --pid PID'],
  notWhen: [
    'the child is at work: it uses CPU, and two moments of it differ',
    'the wait has a timeout, or is a supervisor that waits for its children by design',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Look at the children: their state, and what they wait for.',
      command: 'ps -o pid,stat,wchan:30,etime,args --ppid PID; py-spy dump --subprocesses --pid PID',
    },
    { kind: 'now', step: 'Ending the child lets the parent go on.', command: 'pkill -P PID' },
    {
      kind: 'fix',
      step: 'Mend what holds the child; and wait with a limit: join(timeout=…) then terminate(), subprocess.run(…, timeout=…).',
    },
    {
      kind: 'prevent',
      step: 'Start children with spawn or forkserver rather than fork from a process with threads; let them end when their parent is gone.',
    },
    { kind: 'verify', step: 'With the child killed the parent returns from its wait.' },
  ],
  references: [
    {
      title: 'pytorch/pytorch#26072',
      url: 'https://github.com/pytorch/pytorch/issues/26072',
      establishes: 'a trainer that joins a worker which never exits',
    },
    {
      title: 'Python library: subprocess.run',
      url: 'https://docs.python.org/3/library/subprocess.html#subprocess.run',
      establishes: 'with a timeout the child is killed and waited for',
    },
    {
      title: 'Python library: Process.join',
      url: 'https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.join',
      establishes: 'join() blocks until the process has ended, unless it has a timeout',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  const working = parentsOfWork(threads);
  for (const one of threads) {
    if (!awaitsChild(one) || (one.process.pid !== undefined && working.has(one.process.pid))) continue;
    yield {
      confidence: 'possible',
      threads: [
        witness(one, startsChild(one) ? STARTS : (one.thread.wait?.says ?? 'waits for a child'), [
          {
            find: ({ categories, plain }) => categories.has('child-wait') || plain === '_communicate',
            note: 'waits for the end of a child',
          },
          { find: isStart, note: STARTS },
        ]),
      ],
    };
  }
}

function awaitsChild(one: ThreadFacts): boolean {
  const { thread, frames } = one;
  const { wait } = thread;
  const reads = frames.some(
    ({ plain, frame }) =>
      (plain === '_communicate' && isAt(frame, 'subprocess.py')) ||
      (/^(?:wait|communicate)$/.test(plain) && isAt(frame, 'gevent/subprocess.py')),
  );
  if (!(wait?.kind === 'child' || reads || startsChild(one)) || wait?.timeout === 'some' || thread.idleAs !== undefined)
    return false;
  return thread.progress !== 'moving' && !frames.some(({ plain }) => ELSEWHERE.test(plain));
}

const STARTS = 'waits until its child has become the program that it is to run';

/** Reads the pipe on which the child reports that it could not run the program, and which closes when it does. */
function startsChild({ thread, frames }: ThreadFacts): boolean {
  const python = frames.find(({ frame }) => frame.language === 'python');
  if (python === undefined || !isStart(python)) return false;
  return thread.wait?.kind === 'read' || (thread.activity === 'idle' && !thread.view.native);
}

function isStart({ plain, frame }: KnownFrame): boolean {
  return plain === '_execute_child' && isAt(frame, 'subprocess.py');
}
