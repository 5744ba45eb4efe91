import type { Thread } from '../../model/thread.ts';

/** "1 server waiting for requests, 8 idle executor workers": resting threads by kind, in order of first mention. */
export function countKinds(threads: readonly Thread[]): string {
  const counts = new Map<string, number>();
  for (const { idleAs, wait } of threads) {
    const kind = idleAs ?? (wait === undefined ? 'other thread' : `thread that ${wait.says}`);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${count === 1 ? kind : pluralise(kind)}`).join(', ');
}

/** The noun is the last word, or the last before what the thread does: "server waiting for requests". */
function pluralise(kind: string): string {
  return kind.replace(/^(.*?)(?= (?:waiting|keeping|that|at|of|in|for)\b|$)/, (noun) =>
    noun.endsWith('s') ? `${noun}es` : `${noun}s`,
  );
}
