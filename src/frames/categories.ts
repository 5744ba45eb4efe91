/** What a frame is, in the words that rules and reports use. A frame may be several things. */
export const CATEGORIES = {
  'lock-wait': 'waits for a lock',
  'condition-wait': 'waits for a condition to be signalled',
  'semaphore-wait': 'waits for a semaphore',
  'gil-wait': 'waits for the GIL',
  'gil-drop': 'gives up the GIL',
  'gil-acquire': 'asks for the GIL from native code',
  'gil-released': 'is called with the GIL released',
  poll: 'waits until one of several files is ready',
  read: 'reads',
  write: 'writes',
  connect: 'connects',
  accept: 'waits for a connection',
  dns: 'resolves a name',
  'child-wait': 'waits for a child process',
  'thread-join': 'waits for a thread to end',
  sleep: 'sleeps',
  futex: 'is in the kernel, for any kind of lock',
  'file-lock': 'waits for a lock on a file',
  'device-sync': 'waits for a device',
  collective: 'an operation that all ranks of a job must join',
  'message-wait': 'waits for a message of another rank',
  'message-progress': 'polls for messages of other ranks',
  spin: 'polls, giving way to other threads',
  'client-request': 'has asked a server and wants its answer',
  'client-read': 'reads from the connection of a client library',
  'client-answer': 'waits for the thread that reads the answers of a client library',
  'client-close': 'closes a client library',
  tls: 'speaks TLS',
  'database-request': 'has sent a statement to a database',
  'database-driver': 'is inside of a driver of a database, in C',
  'connection-checkout': 'takes a connection out of a pool',
  'file-lock-poll': 'tries again and again to take a lock on a file',
  'file-system': 'asks a file system',
  'kernel-io': 'waits in the kernel for a disk or a file server',
  stopped: 'is stopped',
  gc: 'the cyclic garbage collector',
  finalizer: 'finalises an object',
  fork: 'forks',
  'forked-child': 'a child process was forked here, and runs on',
  'worker-start': 'starts the work of a worker process',
  import: 'imports a module',
  'signal-handler': 'handles a signal',
  'interpreter-start': 'starts the interpreter',
  'interpreter-exit': 'ends the interpreter',
  'process-exit': 'runs what is to run at the end of the process',
  'native-pool': 'runs work on threads of a native library',
  'parallel-region': 'shares a loop out among the threads of a native library',
  'native-shutdown': 'ends the threads of a native library',
  'native-client': 'talks to a server from native code',
  loader: 'loads a shared library',
  allocator: 'allocates memory',
  'thread-entry': 'the outermost frame of a thread',
  'event-loop': 'runs an event loop',
  'loop-callback': 'the event loop runs a callback',
  'green-thread': 'runs a green thread',
  eval: 'evaluates Python code',
  plumbing: 'carries calls from one layer to the next',
} as const;

export type Category = keyof typeof CATEGORIES;

/** Categories that only frames of the interpreter itself have; py-spy hides most of these frames. */
export const INTERPRETER_CATEGORIES: ReadonlySet<Category> = new Set<Category>([
  'gc',
  'gil-wait',
  'gil-drop',
  'interpreter-start',
  'interpreter-exit',
  'eval',
]);

/**
 * Names of one language, by category. An entry is a name, `na*me*` with wildcards, or either with `@place`
 * (see places.ts). Native names are canonical: without leading underscores and without C++ parameters.
 */
export type FrameTable = Partial<Record<Category, readonly string[]>>;
