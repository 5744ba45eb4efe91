import { randomUUID } from 'node:crypto';
import type { Host, Ran, RunOptions } from './host.ts';
import { runCommand } from './run-command.ts';
import { quoteWord, showCommand } from './text.ts';

/** A place that a prefix leads to: `kubectl exec POD --`, `docker exec NAME`, `ssh HOST`, `nsenter -t 1 -a`, `srun …`. */
export function remoteHost(prefix: readonly string[]): Host {
  const words = completePrefix(prefix);
  const hops = words.filter((word) => SHELLS_THAT_JOIN.test(word)).length;
  let limiter: Promise<boolean> | undefined;

  const runPlain = (command: readonly string[], options: RunOptions): Promise<Ran> =>
    runCommand([...words, ...command.map((word) => quoteFor(word, hops))], options);

  /** What a prefix started goes on there when the prefix is ended here: the other side has to keep the time, too. */
  const hasLimiter = (): Promise<boolean> => {
    limiter ??= runPlain(['timeout', '9', 'true'], { timeoutSeconds: 20 }).then(({ exitCode }) => exitCode === 0);
    return limiter;
  };

  const run = async (command: string, args: readonly string[], options: RunOptions): Promise<Ran> => {
    const limit = (await hasLimiter()) ? ['timeout', `${Math.ceil(options.timeoutSeconds)}`] : [];
    const environment = Object.entries({ ...PLAIN, ...options.env }).map(([name, value]) => `${name}=${value}`);
    const ran = await runPlain(['env', ...environment, ...limit, command, ...args], {
      ...options,
      timeoutSeconds: options.timeoutSeconds + GRACE_SECONDS,
    });
    // A terminal on the way (`docker exec -t`) ends lines its own way.
    return { ...ran, stdout: ran.stdout.replaceAll('\r\n', '\n'), end: endOf(ran, limit.length > 0) };
  };

  const host: Host = {
    name: showCommand(prefix),
    isLocal: false,
    run,
    readFile: async (path) => (await host.readFiles([path])).get(path),
    readFiles: (paths) =>
      inPortions(paths, async (some) => {
        const { stdout } = await run('grep', ['-a', '-s', '-H', '', '--', ...some, '/dev/null'], FILES);
        return parseGrep(stdout, some);
      }),
    readLink: async (path) => (await host.readLinks([path])).get(path),
    readLinks: (paths) =>
      inPortions(paths, async (some) => {
        const mark = randomUUID();
        const { stdout } = await run('sh', ['-c', READ_LINKS, 'sh', mark, ...some], FILES);
        return parseMarked(stdout, mark, some);
      }),
    listDir: async (path) => {
      const { stdout, exitCode } = await run('ls', ['-A', '-1', '--', path], FILES);
      return exitCode === 0 ? stdout.split('\n').filter((line) => line !== '') : undefined;
    },
  };
  return host;
}

/** Whether the prefix leads anywhere: what it says where it does not. */
export async function whyUnreachable({ run }: Host): Promise<string | undefined> {
  const { end, stdout, stderr, exitCode } = await run('echo', ['whyhung'], { timeoutSeconds: 30 });
  if (stdout.split('\n').some((line) => line.trim() === 'whyhung')) return undefined;
  if (end === 'not-found' && stderr === '') return 'there is no such command here';
  if (end === 'timeout') return 'it did not answer within 30 s';
  const last = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1);
  return last ?? `it did not run a command (exit code ${exitCode ?? 'unknown'})`;
}

/** Programs that hand their words, joined by blanks, to a shell on the other side. */
const SHELLS_THAT_JOIN = /(?:^|\/)(?:ssh|autossh|mosh|rsh|dsh|slogin)$/;

function quoteFor(word: string, hops: number): string {
  let quoted = word;
  for (let hop = 0; hop < hops; hop += 1) quoted = /^[\w@%+=:,./-]+$/.test(quoted) ? quoted : quoteWord(quoted);
  return quoted;
}

/** `kubectl exec POD` reads options behind it as its own, unless two dashes stand between. */
function completePrefix(prefix: readonly string[]): readonly string[] {
  const [program = ''] = prefix;
  const isExec = /(?:^|\/)(?:kubectl|oc|k3s|microk8s)$/.test(program) && prefix.includes('exec');
  return isExec && !prefix.includes('--') ? [...prefix, '--'] : prefix;
}

const PLAIN = { NO_COLOR: '1', TERM: 'dumb', COLUMNS: '200', LC_ALL: 'C.UTF-8', DEBUGINFOD_URLS: '' };
const FILES: RunOptions = { timeoutSeconds: 60 };
const GRACE_SECONDS = 5;

/** `env` ends in 127 where there is no such program, and `timeout` in 124 when the time is over. */
function endOf({ end, exitCode }: Ran, limited: boolean): Ran['end'] {
  if (end !== 'exit') return end;
  if (exitCode === 127) return 'not-found';
  return limited && exitCode === 124 ? 'timeout' : 'exit';
}

/** Arguments have a limit of some 100 KB in all. */
const PORTION = 500;

async function inPortions(
  paths: readonly string[],
  read: (some: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let start = 0; start < paths.length; start += PORTION)
    for (const [path, text] of await read(paths.slice(start, start + PORTION))) found.set(path, text);
  return found;
}

/** "PATH:LINE" for each line of each file, in the order of the paths: one process reads thousands of files. */
function parseGrep(stdout: string, paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string[]>();
  let at = 0;
  for (const line of stdout.replace(/\n$/, '').split('\n')) {
    let next = at;
    while (next < paths.length && !line.startsWith(`${paths[next]}:`)) next += 1;
    const path = paths[next];
    if (path === undefined) continue;
    at = next;
    const content = line.slice(path.length + 1);
    const lines = found.get(path);
    if (lines === undefined) found.set(path, [content]);
    else lines.push(content);
  }
  return new Map([...found].map(([path, lines]) => [path, lines.join('\n')]));
}

/** The mark is new each time, so that no file name can hold it. */
const READ_LINKS = 'mark=$1; shift; for path do printf "%s\\n" "$mark"; readlink -- "$path"; done 2>/dev/null';

function parseMarked(stdout: string, mark: string, paths: readonly string[]): Map<string, string> {
  const parts = stdout.split(`${mark}\n`).slice(1);
  return new Map(
    parts.flatMap((part, index) => {
      const path = paths[index];
      return part === '' || path === undefined ? [] : [[path, part.replace(/\n$/, '')] as const];
    }),
  );
}
