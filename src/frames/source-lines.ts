import type { Category } from './categories.ts';

/** A call into C that a line of Python source makes, and the category of its wait. */
type Call = readonly [category: Category, call: RegExp];

const CALLS: readonly Call[] = [
  // "with self._lock:", "with a.guard, b.guard:". Of what C enters without being called, only locks wait.
  ['lock-wait', /^with [\w.[\]'"]+(?: as \w+)?(?:, *[\w.[\]'"]+(?: as \w+)?)*:/],
  // "with self._lock_for(key):"
  ['lock-wait', /^with [\w.]*(?:[Ll]ock|[Mm]utex)\w*\([^()]*\):/],
  // "self._lock.acquire()". With an argument it may have a timeout.
  ['lock-wait', /\.acquire\((?:True|blocking=True|1)?\)/],
  ['file-lock', /\b(?:flock|lockf)\(/],
  ['sleep', /(?:^|[^\w.])(?:time\.)?sleep\(/],
  ['child-wait', /\bos\.(?:wait|wait3|wait4|waitpid|waitid)\(/],
  ['dns', /\b(?:getaddrinfo|gethostbyname(?:_ex)?|gethostbyaddr|getnameinfo)\(/],
  ['poll', /\bselect\.select\(|\.(?:poll|epoll|kqueue|control)\(/],
  ['accept', /\.accept\(\)/],
  ['connect', /\bsock(?:et)?\w*\.connect\(/],
  ['read', /\.(?:recv|recv_into|recvfrom|recvfrom_into|recvmsg)\(|\bos\.read\(/],
  ['write', /\.(?:send|sendall|sendto|sendmsg)\(|\bos\.write\(|\bstdin\.(?:write|flush)\(/],
  ['database-request', /\.(?:execute|executemany|executescript|fetchone|fetchall|fetchmany|commit)\(/],
  ['device-sync', /\.synchronize\(\)|\.(?:item|cpu)\(\)/],
];

/**
 * What the source line of a frame waits in, when nothing that it calls is on the stack: then it called into C. Lines that
 * call nothing known, or something that may end by itself, have none.
 *
 * @param line without indentation, as the tool prints it
 */
export function callOnLine(line: string): Category | undefined {
  return NO_LOCK.test(line) ? undefined : CALLS.find(([, call]) => call.test(line))?.[0];
}

/** "with connection:" commits when it is left, on this very line; files are flushed. */
const NO_LOCK =
  /^with [\w.]*?(?:conn(?:ection)?|db|database|session|cur(?:sor)?|transaction|tx|file|stream|pool|client|sock(?:et)?|executor|context|ctx|engine|archive)(?: as \w+)?:/i;

// "with self._lock:", "index_lock.acquire()"
const TAKEN = /^with (?<entered>[\w.[\]'"]+)(?: as \w+)?:|(?<acquired>[\w.[\]'"]+)\.acquire\(/;

/** The lock that a line takes, as it is written there: "self._lock". */
export function lockOnLine(line: string): string | undefined {
  const found = TAKEN.exec(line)?.groups;
  return found?.entered ?? found?.acquired;
}
