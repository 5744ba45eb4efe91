/** What a frame is, in the words that rules and reports use. A frame may be several things. */
export const CATEGORIES = {
  'lock-wait': 'waits for a lock',
  'condition-wait': 'waits for a condition to be signalled',
  'semaphore-wait': 'waits for a semaphore',
  'gil-wait': 'waits for the GIL',
  'gil-drop': 'gives up the GIL',
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
  'client-request': 'has asked a server and wants its answer',
  'client-read': 'reads from the connection of a client library',
  'client-close': 'closes a client library',
  tls: 'speaks TLS',
  'database-request': 'has sent a statement to a database',
  'connection-checkout': 'takes a connection out of a pool',
  'file-lock-poll': 'tries again and again to take a lock on a file',
  'file-system': 'asks a file system',
  'kernel-io': 'waits in the kernel for a disk or a file server',
  stopped: 'is stopped',
  gc: 'the cyclic garbage collector',
  finalizer: 'finalises an object',
  fork: 'forks',
  import: 'imports a module',
  'signal-handler': 'handles a signal',
  'interpreter-start': 'starts the interpreter',
  'interpreter-exit': 'ends the interpreter',
  loader: 'loads a shared library',
  allocator: 'allocates memory',
  'thread-entry': 'the outermost frame of a thread',
  'event-loop': 'runs an event loop',
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
 * Names of one language, by category. An entry is a name, `name*` for a prefix, or either with `@place`
 * (see places.ts). Native names are canonical: without leading underscores and without C++ parameters.
 */
export type FrameTable = Partial<Record<Category, readonly string[]>>;
