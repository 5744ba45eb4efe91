import type { Host, Ran } from '../host.ts';
import type { Sight } from '../sight.ts';

/** What a tool is to do this time. */
export interface Task {
  readonly sight: Sight;
  readonly host: Host;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly locals: boolean;
  /** Frames of native code: wanted where no other tool shows them. */
  readonly native: boolean;
  /** Frames of Python: wanted of gdb where no other tool shows them. */
  readonly python: boolean;
  /** Whether the tool may hold the process still. */
  readonly mayPause: boolean;
}

export interface Printed {
  /** The dump; empty where there is none. */
  readonly text: string;
  /** Last run of the tool: says why there is no dump. */
  readonly ran: Ran;
  /** As it was run, for the manifest. */
  readonly command: readonly string[];
}

/** A program that prints the stacks of a process. */
export interface Tool {
  /** Prints its version and ends: tells whether it is there. */
  readonly probe: readonly string[];
  run(task: Task): Promise<Printed>;
}

export async function runTool(
  command: readonly string[],
  { host, timeoutSeconds, signal }: Task,
  { isDump }: { readonly isDump: (text: string) => boolean },
): Promise<Printed> {
  const [program = '', ...args] = command;
  const ran = await host.run(program, args, { timeoutSeconds, signal });
  return { text: isDump(ran.stdout) ? ran.stdout : '', ran, command };
}
