import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isForkFrame } from '../../analysis/fork.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const USES = 'c:{zmq_msg_recv, zmq_msg_send, zmq_recv, zmq_send, zmq::socket_base_t::recv, zmq::socket_base_t::send}';

export default defineRule({
  id: 'zmq-socket-used-after-fork',
  cause: 'fork-unsafe-runtime',
  library: 'pyzmq',
  title: 'a forked child uses a ZeroMQ socket of its parent',
  summary:
    'The child inherited context and sockets over fork, but not the threads of libzmq that move the messages. Nothing that it waits for can arrive; the call spins or waits for ever.',
  explanation:
    'A fork copies only the calling thread. The I/O and reaper threads of a ZeroMQ context stay in the parent, so a socket in the child is an empty shell. libzmq notices the foreign process id and answers as if a signal had interrupted it, pyzmq tries again, and recv() turns in circles at full CPU instead of returning. multiprocessing starts children by fork on Linux up to Python 3.13, and so do os.fork(), gunicorn with --preload and uwsgi without lazy-apps.',
  signatures: [
    // Without names: at work in pyzmq itself, where an own context would wait in poll.
    { find: 'py:_launch@multiprocessing/popen_fork.py -> c:*@_zmq*$', confidence: 'possible' },
    {
      find: `py:_launch@multiprocessing/popen_fork.py -> ${USES} -> c:getpid$`,
      confidence: 'likely',
      notes: {
        'py:_launch@multiprocessing/popen_fork.py': 'this process was forked here',
        [USES]: 'uses a socket',
        'c:getpid$': 'compares process ids, over and over: a wait would stand in poll',
      },
    },
  ],
  match,
  needs: [
    'the C frames of all threads of the child: gdb -p PID -batch -ex "thread apply all bt"',
    'or, less sure, py-spy dump --native --pid PID',
  ],
  notWhen: [
    'the child made a context of its own: then threads named ZMQbg/IO and ZMQbg/Reaper are there',
    'the backtrace shows only one of several threads: then nothing is known of the others',
  ],
  remediation: [
    { kind: 'now', step: 'The child cannot recover; end it. The parent is not harmed.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Create the context and the sockets in the child, after the fork: in the worker function or an initializer, never at import or in the parent.',
    },
    {
      kind: 'prevent',
      step: 'Start children afresh instead of by fork: multiprocessing.set_start_method("spawn") or "forkserver"; gunicorn without --preload, uwsgi with lazy-apps = true.',
    },
    {
      kind: 'verify',
      step: 'The child has threads of libzmq of its own: ZMQbg/IO/0 and ZMQbg/Reaper.',
      command: 'cat /proc/PID/task/*/comm',
    },
  ],
  references: [
    {
      title: 'The ZeroMQ guide: getting the context right',
      url: 'https://zguide.zeromq.org/docs/chapter1/#Getting-the-Context-Right',
      establishes: 'after fork() each process needs a context of its own',
    },
    {
      title: 'zeromq/libzmq#2807',
      url: 'https://github.com/zeromq/libzmq/issues/2807',
      establishes: 'zmq_ctx_term() of an inherited context is answered with EINTR in the child',
    },
    {
      title: 'libzmq, src/signaler.cpp',
      url: 'https://github.com/zeromq/libzmq/blob/master/src/signaler.cpp',
      establishes: 'a forked process gets EINTR from every wait',
    },
  ],
});

/** At work in a call that would wait in poll(), had the socket a context that lives: Python frames alone show as much. */
function* spins(threads: readonly ThreadFacts[]): Iterable<Match> {
  for (const one of threads) {
    const { thread, frames } = one;
    const python = frames.find(({ frame }) => frame.language === 'python');
    if (thread.activity !== 'active' || thread.view.native || python === undefined) continue;
    if (!isReceive(python) || !frames.some(isForkFrame) || thread.progress === 'moving') continue;
    yield {
      confidence: 'possible',
      threads: [
        witness(one, 'is at work in a call that waits', [
          { find: isReceive, note: 'uses a socket' },
          { find: isForkFrame, note: 'this process was forked here' },
        ]),
      ],
    };
  }
}

function isReceive({ plain, frame }: KnownFrame): boolean {
  return /^_?(?:recv|send)(?:_|$)/.test(plain) && isAt(frame, 'zmq/');
}

/** In a process all of whose native threads were seen: one uses libzmq, and none belongs to libzmq. */
function* match({ threads }: Facts): Iterable<Match> {
  yield* spins(threads);
  for (const ofProcess of groupByProcess(threads).values()) {
    const seenByGdb = ofProcess.filter(
      ({ thread }) => thread.view.everyThread && thread.id !== '' && thread.frames.length > 0,
    );
    // Who pastes an excerpt has left out the other threads, too.
    const users = seenByGdb.filter(({ frames, cut }) => frames.some(isUse) && (!cut || frames.some(isForkFrame)));
    if (users.length === 0 || ofProcess.some(mayBelongToLibzmq)) continue;
    for (const thread of users) {
      const forked = thread.frames.findIndex(isForkFrame);
      yield {
        confidence: forked >= 0 ? 'certain' : 'likely',
        threads: [
          {
            thread,
            note: 'uses a ZeroMQ socket in a process that has no threads of libzmq',
            frames: [
              ...mark(thread, thread.frames.findIndex(isUse), 'uses a socket'),
              ...mark(thread, forked, 'this process was forked here'),
            ],
          },
        ],
      };
    }
  }
}

function isUse({ bare }: KnownFrame): boolean {
  return /^zmq_(?:msg_)?(?:recv|send)$|^zmq_poll$|^zmq::socket_base_t::(?:recv|send)$/.test(bare);
}

/**
 * Named by libzmq since 4.2, or lying in it from its outermost frames on. Where a tool shows neither names nor modules, any
 * thread that runs no Python might be one of them.
 */
function mayBelongToLibzmq({ thread, frames }: ThreadFacts): boolean {
  if (thread.name?.startsWith('ZMQbg/') === true) return true;
  if (frames.some(({ frame, categories }) => frame.language === 'python' || categories.has('eval'))) return false;
  return frames.some(
    ({ frame, bare, unnamed }) =>
      bare.startsWith('zmq::') || /libzmq/.test(frame.module ?? '') || (unnamed && frame.module === undefined),
  );
}

function mark({ thread }: ThreadFacts, index: number, note: string): Match['threads'][number]['frames'] {
  const frame = thread.frames[index];
  return frame === undefined ? [] : [{ index, frame, note }];
}
