import { run } from '../../src/cli/main.ts';
import { ROOT } from './cases.ts';

export interface World {
  readonly stdin?: string | Uint8Array;
  /** Whether a person sits at the keyboard. */
  readonly interactive?: boolean;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, in a world made for it. */
export async function runProgram(argv: readonly string[], world: World = {}): Promise<Ran> {
  const { stdin = '', interactive = false, terminal = false, columns, env = {}, cwd = ROOT } = world;
  let stdout = '';
  let stderr = '';
  const code = await run(argv, {
    stdin: {
      isTerminal: interactive,
      read: async () => {
        if (interactive) throw new Error('waits for a person');
        return typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin;
      },
    },
    stdout: {
      isTerminal: terminal,
      columns,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTerminal: terminal,
      columns,
      write: (text) => {
        stderr += text;
      },
    },
    shared: {
      isTerminal: terminal,
      columns,
      write: (text) => {
        stderr += text;
      },
      flush: async () => {},
    },
    env,
    cwd,
    raise: async () => -1,
  });
  return { code, stdout, stderr };
}
