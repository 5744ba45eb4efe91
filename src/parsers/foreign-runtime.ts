import { nextText } from './_shared/logical-lines.ts';
import { defineTextParser, type Line } from './parser.ts';

/** First lines of dumps that other runtimes print, and of the stacks in them. */
const CERTAIN: readonly RegExp[] = [
  // Java: "Full thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):"
  /^\s*Full thread dump \S/,
  // Java: '"main" #1 prio=5 os_prio=0 cpu=92.11ms tid=0x00007f nid=0x1 runnable'
  /^\s*"[^"]{0,200}".{0,80} (?:os_prio|prio)=\d+ /,
  // Java: "   java.lang.Thread.State: WAITING (parking)"
  /^\s*java\.lang\.Thread\.State: [A-Z]/,
  // Java: "	at java.base@17.0.9/java.lang.Object.wait(Native Method)"
  /^\s+at [\w.$@/]+\((?:Native Method|Unknown Source|[\w$]+\.(?:java|kt|scala|groovy):\d+)\)$/,
  // Go: "goroutine 1 [chan receive, 12 minutes]:", "goroutine 1 gp=0xc000 m=0 mp=0x1 [running]:"
  /^\s*goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]+\]:/,
  // .NET: "OS Thread Id: 0x1a2b (0)"
  /^\s*OS Thread Id: 0x[0-9a-f]+/i,
  // Node: "    at Module._compile (node:internal/modules/cjs/loader:1105:14)"
  /^\s*at .{0,200}\(?node:[\w/]+:\d+:\d+\)?$/,
  // PHP: "#0 /var/www/index.php(12): handle()"
  /^\s*#\d+ \S+\.php\(\d+\): /,
];

/** Too weak alone: two of them must follow each other. */
const PAIRED: readonly RegExp[] = [
  // Node: "    at Server.handle (/srv/app/server.js:12:9)"
  /^\s*at .{1,200} \((?:file:\/\/|\/|[A-Za-z]:\\).{1,300}:\d+:\d+\)$/,
  // Ruby: "	from /srv/app/worker.rb:12:in `run'"
  /^\s*(?:from )?\S{1,300}\.rb:\d+:in [`'].{1,100}'$/,
];

/**
 * Thread dumps of Java, Go, .NET, Node, Ruby and PHP. Out of scope: claimed so that no other parser misreads them, and
 * read as nothing; src/input/capture-errors.ts says what they are.
 */
export default defineTextParser({
  format: 'foreign-runtime',
  tool: 'another runtime',
  title: 'dumps of Java, Go, .NET, Node, Ruby and PHP, which are recognised and left out',
  begins:
    /Full thread dump|".{0,300} (?:os_)?prio=|java\.lang\.Thread|at |goroutine \d|[Oo][Ss] [Tt]hread|#\d+ \S+\.php\(/,
  holds: /\.rb:\d/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    // Sources of a million characters are no stack lines.
    if (text.length > 2000) return 'no';
    if (CERTAIN.some((pattern) => pattern.test(text))) return 'certain';
    const next = nextText(lines, at) ?? '';
    return PAIRED.some((pattern) => pattern.test(text) && pattern.test(next)) ? 'certain' : 'no';
  },
  parse({ lines }) {
    return { processes: [], skipped: lines.filter(isText) };
  },
});

function isText({ text }: Line): boolean {
  return text.trim() !== '';
}
