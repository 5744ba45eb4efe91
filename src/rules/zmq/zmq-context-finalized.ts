import { defineRule } from '../rule.ts';

const NOTES = {
  '#gc?': 'the cyclic garbage collector',
  '#gc!': 'the cyclic garbage collector',
  '#finalizer!': 'runs when the last reference goes, or when the collector finds a dead cycle',
  'py:#finalizer!': 'runs when the last reference goes, or when the collector finds a dead cycle',
  'py:__del__@zmq/sugar/context.py$': 'terminates the context',
  'py:{term, destroy}@zmq/!': 'terminates the context',
  'py:_check_rc@zmq/$': 'looks at what libzmq answered',
  'py:{term, destroy}@zmq/?': 'terminates the context',
  'py:{term, destroy}@zmq/$': 'waits until every socket of the context is closed',
  'c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}!':
    'waits until every socket of the context is closed',
  'c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}?':
    'waits until every socket of the context is closed',
  'c:{#poll, zmq::signaler_t::wait}$': 'the wait itself',
  'c:zmq::signaler_t::wait': 'waits for word from the sockets',
  'c:zmq::signaler_t::wait?': 'waits for word from the sockets',
};

export default defineRule({
  id: 'zmq-context-finalized',
  cause: 'gc-finalizer-blocking',
  library: 'pyzmq',
  title: 'a finalizer is stuck terminating a ZeroMQ context',
  summary:
    'A zmq.Context became garbage together with sockets that were never closed. Its finalizer terminates the context, and that waits until all its sockets are closed, which only this thread could do.',
  explanation:
    'Context.term() waits for every socket of the context. When context and sockets die together, usually in a reference cycle that an exception and its traceback keep until the cyclic collector runs, nobody is left to close the sockets: they are finalised in no fixed order, and if the context comes first it waits for ever. The line of code below the finalizer is an accident: it is where the last reference went or where the collector happened to run. That is also why not every run hangs.',
  yourCode: 'not the cause: the finalizer ran here by chance',
  signatures: [
    {
      find: '#gc? -> #finalizer! -> py:{term, destroy}@zmq/? -> c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}! -> c:zmq::signaler_t::wait? -> c:{#poll, zmq::signaler_t::wait}$',
      confidence: 'certain',
      notes: NOTES,
    },
    {
      find: '#gc! -> py:{term, destroy}@zmq/? -> c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}! -> c:{#poll, zmq::signaler_t::wait}$',
      confidence: 'certain',
      notes: NOTES,
    },
    { find: '#gc? -> py:#finalizer! -> py:{term, destroy}@zmq/$', confidence: 'likely', notes: NOTES },
    // Tracebacks of an interrupt name the Cython code of the binding, too.
    {
      find: '#gc? -> py:#finalizer! -> py:{term, destroy}@zmq/! -> py:_check_rc@zmq/$',
      confidence: 'likely',
      notes: NOTES,
    },
    // Where term() is C code, only the finalizer itself is left to see, and it does nothing else.
    { find: '#gc? -> py:__del__@zmq/sugar/context.py$', confidence: 'likely', notes: NOTES },
    {
      find: '#gc! -> c:{zmq_ctx_term, zmq_ctx_destroy, zmq_term, zmq::ctx_t::terminate}? -> c:zmq::mailbox_t::recv => c:zmq::signaler_t::wait -> c:{#poll, zmq::signaler_t::wait}$',
      confidence: 'likely',
      notes: NOTES,
    },
  ],
  needs: [
    'the Python frames of the thread: py-spy dump --pid PID',
    'for certainty the C frames below them: gdb -p PID -batch -ex "thread apply all bt", or py-spy dump --native --pid PID',
  ],
  notWhen: [
    "a socket waits for a message: zmq_recv and process_commands stand where the context's termination would",
    "libzmq's own I/O and reaper threads wait in epoll_wait: they always do",
    'term() or destroy() is called on purpose: that is zmq-context-term-waits',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'If the main thread is stuck, an interrupt ends the wait, and what it raises inside a finalizer is only printed: the program goes on. Send one for each stuck context; one too many interrupts the program itself.',
      command: 'kill -INT PID',
    },
    {
      kind: 'now',
      step: 'Otherwise nothing inside the process can free it. Keep the dumps, then end it.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Close what a constructor opened when the constructor fails, before the exception leaves it: try: … except: self.context.destroy(linger=0); raise. Give the class a close() and call it.',
    },
    {
      kind: 'prevent',
      step: 'Keep one long-lived context (zmq.Context.instance()) and sockets in with-blocks. LINGER=0 alone and a newer pyzmq do not cure it: in a collected cycle the sockets are out of reach before the finalizer runs.',
    },
    {
      kind: 'verify',
      step: 'Look for contexts and sockets that nobody closes; after the fix there is no such warning.',
      command: 'python -X dev APP 2>&1 | grep -i unclosed',
    },
    { kind: 'verify', step: 'Call gc.collect() in a loop after the operation that failed: it returns every time.' },
  ],
  references: [
    {
      title: "Nasty bug due to python's garbage collection, resolved after 2 years",
      url: 'https://arcfu.com/post/bug',
      establishes: 'the signature: term under __del__ under an innocent line, signaler_t::wait with timeout -1 below',
    },
    {
      title: 'zeromq/pyzmq#1003',
      url: 'https://github.com/zeromq/pyzmq/issues/1003',
      establishes: 'polls without end when the collector runs at exit; open',
    },
    {
      title: 'zeromq/pyzmq#1512',
      url: 'https://github.com/zeromq/pyzmq/issues/1512',
      establishes: 'Context.__del__ run by the collector in the middle of a loop',
    },
    {
      title: 'zeromq/libzmq#2586',
      url: 'https://github.com/zeromq/libzmq/issues/2586',
      establishes: 'the same native stack although linger was 0',
    },
  ],
});
