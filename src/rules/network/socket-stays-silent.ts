import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { isAt } from '../../frames/places.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

/** Sides that answer instead of asking. */
const SERVES = /^(?:finish_request|process_request_thread|handle_one_request|serve_forever|accept|_run)$/;
/** Functions of libraries that wait for whatever comes. */
const LISTENS =
  /^(?:handle_request|listen|subscribe|get_message|start_consuming|run_forever|drain_events|consume|watch|idle)$/;
const SERVERS = ['gunicorn/', 'uwsgi', 'werkzeug/', 'cheroot/', 'waitress/', 'socketserver.py', 'SocketServer.py'];
const RECEIVES = /^(?:recv|recvfrom|recvmsg)(?:_nocancel)?$/;

export default defineRule({
  id: 'socket-stays-silent',
  cause: 'network-no-timeout',
  library: undefined,
  title: 'a thread reads from a socket, without a timeout, and nothing comes',
  summary:
    'The thread waits in recv() itself: Python would wait in poll() first, had the socket a timeout. If it expects an answer, the peer does not give it, or the connection is dead and nobody told this side.',
  explanation:
    'A socket of Python waits for ever unless settimeout() was called. When the peer is gone without a word (power, network, a firewall that forgot the connection), a read never returns: the kernel notices only when it has something to send. A thread that reads messages which come now and then looks the same.',
  general: true,
  signatures: [],
  match,
  needs: ['the C frames: py-spy dump --native --pid PID, or gdb'],
  notWhen: [
    'the thread serves: it waits for the next request or message, and nobody waits for it',
    'poll() is the innermost call: the socket has a timeout',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See who is on the other end, and whether it still knows this connection.',
      command: "ss -tnpo | grep 'pid=PID,'",
    },
    { kind: 'fix', step: 'Give the socket a timeout with settimeout(), and treat its end as a lost connection.' },
    {
      kind: 'prevent',
      step: 'Switch TCP keepalive on (SO_KEEPALIVE, TCP_KEEPIDLE below the idle timeout of firewalls), or let the protocol send heartbeats.',
    },
    { kind: 'verify', step: 'With the peer stopped (kill -STOP) the read fails after its timeout.' },
  ],
  references: [
    {
      title: 'redis/redis-py#2243',
      url: 'https://github.com/redis/redis-py/issues/2243',
      establishes:
        'a client with socket_timeout=None, the default, waits for ever when its server vanishes without closing',
    },
    {
      title: 'PyMySQL/PyMySQL#136',
      url: 'https://github.com/PyMySQL/PyMySQL/issues/136',
      establishes: 'a connection that breaks without a word leaves the client in recv() or send()',
    },
    {
      title: 'Python library: notes on socket timeouts',
      url: 'https://docs.python.org/3/library/socket.html#notes-on-socket-timeouts',
      establishes: 'sockets are created in blocking mode; with a timeout they are non-blocking inside',
    },
  ],
});

/** Background threads may well receive: only one that others wait for, or that is all there is, is a suspect. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const own of groupByProcess(threads).values()) {
    for (const one of own) {
      if (!receives(one) || !(one.thread.role === 'blocker' || (!isByLine(one) && (own.length === 1 || isMain(one)))))
        continue;
      yield {
        confidence: 'possible',
        threads: [
          witness(one, one.thread.wait?.says ?? 'reads from a socket', [
            {
              find: ({ canonical, frame }) => frame.language === 'native' && RECEIVES.test(canonical),
              note: 'reads, and would wait in poll() if it had a timeout',
            },
            { find: isSocketFile, note: 'reads from the connection; a timeout would not be seen here' },
          ]),
        ],
      };
    }
  }
}

function receives({ thread, frames }: ThreadFacts): boolean {
  if (thread.idleAs !== undefined || thread.progress === 'moving' || thread.activity === 'active') return false;
  const innermost = thread.view.native
    ? frames.find(({ frame, plumbing, byLine }) => (frame.language !== 'python' && !plumbing) || byLine)
    : frames[0];
  if (innermost === undefined) return false;
  if (!isReceive(innermost) && !(isSocketFile(innermost) && !frames.some(({ plain }) => LISTENS.test(plain))))
    return false;
  return !frames.some(
    ({ plain, categories, frame }) =>
      SERVES.test(plain) ||
      SERVERS.some((place) => isAt(frame, place)) ||
      categories.has('tls') ||
      categories.has('database-request') ||
      categories.has('database-driver'),
  );
}

/** Where only Python is shown, the line says so; that there is no timeout it does not say. Sockets are asked for a number of bytes. */
function isReceive({ byLine, canonical, frame }: KnownFrame): boolean {
  return byLine ? /\.recv(?:from|msg|_into)?\([^)]/.test(frame.sourceLine ?? '') : RECEIVES.test(canonical);
}

/** The standard library's own way of reading from a socket, whichever client is around it. */
function isSocketFile({ plain, frame }: KnownFrame): boolean {
  return (
    (plain === 'readinto' && isAt(frame, 'socket.py')) ||
    (/^(?:read|recv|recv_into)$/.test(plain) && isAt(frame, 'ssl.py'))
  );
}

function isByLine({ frames: [innermost] }: ThreadFacts): boolean {
  return innermost?.byLine === true;
}

function isMain({ thread, process }: ThreadFacts): boolean {
  return thread.name === 'MainThread' || (thread.nativeId !== undefined && thread.nativeId === process.pid);
}
