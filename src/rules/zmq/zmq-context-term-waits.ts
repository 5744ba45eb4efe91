import { defineRule } from '../rule.ts';

const TERMINATE = 'c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}!';

const NOTES = {
  'py:{term, destroy}@zmq/?': 'called on purpose',
  'py:{term, destroy}@zmq/!': 'called on purpose',
  'py:destroy@zmq/?': 'called on purpose',
  'py:{term, destroy}@zmq/$': 'waits until every socket is closed and its messages are sent',
  [TERMINATE]: 'waits until every socket is closed and its messages are sent',
  'c:zmq::signaler_t::wait?': 'waits for word from the sockets',
  'c:{#poll, zmq::signaler_t::wait}$': 'the wait itself',
};

export default defineRule({
  id: 'zmq-context-term-waits',
  cause: 'unclosed-resource-at-exit',
  library: 'pyzmq',
  title: 'a ZeroMQ context is terminated while sockets are open or messages unsent',
  summary:
    'Context.term() returns only when every socket of the context is closed and every message that a closed socket left behind is sent or given up. A socket is still open somewhere, or a message lingers for a peer that does not answer.',
  explanation:
    'Each context counts its sockets. term() tells them to stop and then waits, without a limit, for the reaper thread to report that all are gone. An open socket in this or another thread, in a forgotten object or in a client library keeps it waiting; so does a closed one whose LINGER is unlimited (the default of libzmq) and whose peer is away.',
  signatures: [
    {
      find: `!#finalizer -> !#gc -> py:{term, destroy}@zmq/? -> ${TERMINATE} -> c:zmq::signaler_t::wait? -> c:{#poll, zmq::signaler_t::wait}$`,
      confidence: 'certain',
      notes: NOTES,
    },
    {
      find: `!py:{#finalizer, #gc} -> py:{term, destroy}@zmq/! -> py:term@zmq/? -> ${TERMINATE} -> c:zmq::signaler_t::wait? -> c:{#poll, zmq::signaler_t::wait}$`,
      confidence: 'certain',
      notes: NOTES,
    },
    {
      find: '!py:{#finalizer, #gc} -> py:destroy@zmq/? -> py:{term, destroy}@zmq/$',
      confidence: 'likely',
      notes: NOTES,
    },
  ],
  needs: [
    'the Python frames: py-spy dump --pid PID',
    'for certainty the C frames: gdb -p PID -batch -ex "thread apply all bt"',
  ],
  notWhen: [
    'a finalizer or the collector stands on the stack: that is zmq-context-finalized',
    'a socket waits in recv or poll for a message: that is a server at rest',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'If the main thread is stuck, an interrupt ends the wait with KeyboardInterrupt; so does closing the forgotten socket from its own thread. Otherwise end it with kill -9.',
      command: 'kill -INT PID',
    },
    {
      kind: 'fix',
      step: 'Close every socket, in the thread that uses it, before term(); or let the context do both: context.destroy(linger=0) from the thread that owns the sockets.',
    },
    {
      kind: 'fix',
      step: 'Bound the linger of sockets that may have unsent messages: socket.linger = 1000 (milliseconds) before connect or bind.',
    },
    { kind: 'prevent', step: 'Hold sockets in with-blocks, and the context in the outermost one.' },
    {
      kind: 'verify',
      step: 'Unclosed sockets are named in warnings.',
      command: 'python -X dev APP 2>&1 | grep -i unclosed',
    },
  ],
  references: [
    {
      title: 'zeromq/libzmq#2586',
      url: 'https://github.com/zeromq/libzmq/issues/2586',
      establishes: 'ctx_t::terminate waits without a limit, although linger was 0',
    },
    {
      title: 'zmq_ctx_term(3)',
      url: 'https://libzmq.readthedocs.io/en/latest/zmq_ctx_term.html',
      establishes: 'termination blocks for open sockets and for lingering messages',
    },
    {
      title: 'jupyter/jupyter_client#771',
      url: 'https://github.com/jupyter/jupyter_client/issues/771',
      establishes: 'stop_channels() of 7.2.2 destroys the context of a client and now and then hangs in term()',
    },
  ],
});
