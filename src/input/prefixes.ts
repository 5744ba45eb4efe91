import type { Line } from '../parsers/parser.ts';

/** Lines of one origin (a pod, a rank, a service), which log collectors interleave with those of others. */
export interface Stream {
  readonly origin: string | undefined;
  readonly lines: readonly Line[];
}

/**
 * What log collectors put before each line. A named group `origin` tells processes apart.
 * Each takes exactly the separator that the collector writes, so that the payload keeps its own indentation.
 */
const PREFIXES: readonly RegExp[] = [
  // "2026-03-04T05:06:07.891Z stderr F ": kubectl, docker, GitHub Actions, CRI files
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: (?:stdout|stderr) [FP])?(?: |$)/,
  // "[pod/trainer-0/main] ": kubectl logs --prefix
  /^\[pod\/(?<origin>[^\]\s]+)\] /,
  // "Jan 02 03:04:05 host prog[123]: ": journald, syslog
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?<origin>\S+) [\w.@/-]+(?:\[\d+\])?: ?/,
  // "[rank3]: ": torch's distributed logger
  /^\[(?<origin>rank\d+)\]: ?/,
  // "[default3]:": torchrun --tee
  /^\[default(?<origin>\d+)\]: ?/,
  // "[1,3]<stderr>:": mpirun --tag-output
  /^\[\d+,(?<origin>\d+)\]<std(?:err|out)>: ?/,
  // "(Worker pid=123, ip=10.0.0.1) ": ray
  /^\((?<origin>[\w.:]+ pid=\d+(?:, ip=[\d.]+)?)\) /,
  // "[gw2] ": pytest-xdist
  /^\[(?<origin>gw\d+)\] /,
  // "E0102 03:04:05.123456 77 file.cc:12] ": glog
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w./-]+:\d+\] /,
];

/** "svc-1  | ": docker compose. Too weak alone; believed when several lines in a row have it. */
const COMPOSE = /^(?<origin>[A-Za-z][\w.-]*)\s*\| ?/;

/** How a dump of any tool announces a thread or process; its column shows where a prefix ends. */
const HEADER =
  /Thread (?:0x)?[0-9A-Fa-f]+ \((?:idle|active|Thread 0x|LWP|most recent)|Current thread 0x[0-9a-f]+ |Process \d+: |#0 +0x[0-9a-f]+ in |Traceback \(most recent call|Traceback for thread \d+ /;

/** Removes log prefixes and separates the streams that they mark. Lines keep their order within a stream. */
export function splitStreams(lines: readonly Line[]): Stream[] {
  const streams = new Map<string | undefined, Line[]>();
  const compose = runsOfCompose(lines);
  const unknown = commonPrefix(lines);
  const usual = unknown === undefined ? PREFIXES : [unknown, ...PREFIXES];
  const composed = [COMPOSE, ...usual];
  lines.forEach((line, index) => {
    const patterns = compose.has(index) ? composed : usual;
    const { text, origin } =
      patterns === PREFIXES && !BEGINS.test(line.text)
        ? { text: line.text, origin: undefined }
        : stripPrefixes(line.text, patterns);
    const stream = streams.get(origin) ?? [];
    streams.set(origin, stream);
    stream.push(text === line.text ? line : { text, number: line.number });
  });
  return [...streams].map(([origin, ofOrigin]) => ({ origin, lines: ofOrigin }));
}

interface Stripped {
  readonly text: string;
  readonly origin: string | undefined;
}

/** "#0  poll ()", "    wait (threading.py:320)": nearly every line of a dump begins with what begins no prefix. */
const BEGINS = /^[\dA-Z[(]/;

function stripPrefixes(original: string, patterns: readonly RegExp[]): Stripped {
  let text = original;
  let origin: string | undefined;
  // Collectors stack: compose around journald around torchrun. Three deep is the most seen.
  for (let depth = 0; depth < 3; depth += 1) {
    const found = firstMatch(patterns, text);
    if (found === undefined) break;
    origin = [origin, found.groups?.origin].filter(Boolean).join(' ') || undefined;
    text = text.slice(found[0].length);
  }
  return { text, origin };
}

function firstMatch(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text);
    if (found !== null && found[0] !== '') return found;
  }
  return undefined;
}

/** Indices of lines that stand in a run of at least three with a compose prefix. */
function runsOfCompose(lines: readonly Line[]): ReadonlySet<number> {
  const members = new Set<number>();
  let start = 0;
  for (let index = 0; index <= lines.length; index += 1) {
    const line = lines[index];
    if (line !== undefined && COMPOSE.test(line.text)) continue;
    if (index - start >= 3) for (let member = start; member < index; member += 1) members.add(member);
    start = index + 1;
  }
  return members;
}

/**
 * The prefix of a logger that no table knows, found where headers of dumps stand behind the same text, digits aside.
 * `(gdb)` is a prompt, which gdb's parser knows better.
 */
function commonPrefix(lines: readonly Line[]): RegExp | undefined {
  const counts = new Map<string, number>();
  for (const { text } of lines) {
    if (text.length > 2000) continue;
    const column = text.search(HEADER);
    if (column <= 0 || firstMatch(PREFIXES, text) !== undefined) continue;
    const shape = text.slice(0, column).replace(/\d+/g, '0');
    if (looksLikePrefix(shape)) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  if (best === undefined) return undefined;
  const escaped = best[0].trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const gap = best[0].length - best[0].trimEnd().length;
  const prefix = new RegExp(`^${escaped.replaceAll('0', '\\d+')} {0,${gap}}`);
  // A logger writes its prefix before frames as well as before headers.
  const filled = lines.filter(({ text }) => text.trim() !== '');
  const prefixed = filled.filter(({ text }) => prefix.test(text));
  return prefixed.length * 2 > filled.length && prefixed.length > best[1] + 1 ? prefix : undefined;
}

/** Not a prompt, not a row number of `info threads`, not a key of a JSON document. */
function looksLikePrefix(shape: string): boolean {
  return /[A-Za-z:|\]]/.test(shape) && !/"|^\s*(?:\(gdb\)|[*>$#]|\w+> ?$)/.test(shape);
}
