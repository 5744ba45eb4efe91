import type { ProcessEntry } from '../../collect/supervise/process-table.ts';
import type { ProcessTree } from '../../collect/supervise/process-tree.ts';
import { type Ended, endTree } from '../../collect/supervise/termination.ts';

/** How a run is brought to its end from outside. */
export interface Stop {
  /** The signal by which somebody asked for the end. */
  asked(): NodeJS.Signals | undefined;
  /** Called for each such signal; with the second, no time is left for politeness. */
  ask(signal: NodeJS.Signals): void;
  /** Aborted when somebody has asked. */
  readonly end: AbortSignal;
  readonly hurry: AbortSignal;
}

export function makeStop(): Stop {
  const [end, hurry] = [new AbortController(), new AbortController()];
  let first: NodeJS.Signals | undefined;
  return {
    asked: () => first,
    ask: (signal) => {
      if (first !== undefined) hurry.abort();
      first ??= signal;
      end.abort();
    },
    end: end.signal,
    hurry: hurry.signal,
  };
}

/** Ends all processes of a run, and tells what became of them. */
export async function stopAll(
  tree: ProcessTree,
  { graceSeconds, hurry, tell }: { graceSeconds: number; hurry: AbortSignal; tell: (line: string) => void },
): Promise<void> {
  const { asked, killed, left }: Ended = await endTree(tree, { graceSeconds, hurry });
  const count = asked === 1 ? '1 process' : `${asked} processes`;
  if (asked > 0) tell(`ended ${count}${killed.length === 0 ? '' : `; had to kill ${list(killed)}`}`);
  if (left.length > 0) tell(`cannot end ${list(left)}: somebody else's, or deep in the kernel (state D)`);
}

function list(entries: readonly ProcessEntry[]): string {
  return entries.map(({ pid, name }) => `${pid} (${name})`).join(', ');
}

/** Waits for one of the two, or so long; what is left of the time holds nothing up. */
export async function waitFor(event: Promise<unknown>, seconds: number, hurry: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
    hurry.addEventListener('abort', () => resolve());
  });
  await Promise.race([event, time]);
  clearTimeout(timer);
}
