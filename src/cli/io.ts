import { isatty } from 'node:tty';
import { raise } from './raise.ts';
import { type SharedOutput, sharedOutput } from './shared-output.ts';

/** The world as a command sees it, so that tests can run the program without starting one. */
export interface Io {
  readonly stdin: { readonly isTerminal: boolean; read(): Promise<Uint8Array> };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard error where a command under this program writes, too. */
  readonly shared: SharedOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Ends this program by a signal; where that cannot be, returns the exit code for it. */
  raise(signal: NodeJS.Signals): Promise<number>;
}

export interface Output {
  readonly isTerminal: boolean;
  /** Known for terminals only. */
  readonly columns: number | undefined;
  write(text: string): void;
}

/**
 * Node's streams are made when they are first used: making one of a pipe sets that pipe to non-blocking, for all who share
 * it, and a command under `whyhung run` does.
 */
export function ioOfProcess(): Io {
  return {
    stdin: { isTerminal: isatty(0), read: readStdin },
    stdout: outputTo(1, () => process.stdout),
    stderr: outputTo(2, () => process.stderr),
    env: process.env,
    cwd: process.cwd(),
    shared: sharedOutput(2),
    raise,
  };
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function outputTo(descriptor: 1 | 2, stream: () => NodeJS.WriteStream): Output {
  const isTerminal = isatty(descriptor);
  let endsQuietly = false;
  return {
    isTerminal,
    get columns() {
      return isTerminal ? stream().columns : undefined;
    },
    write: (text) => {
      if (!endsQuietly) endQuietlyOnClosedPipe(stream());
      endsQuietly = true;
      stream().write(text);
    },
  };
}

/** `whyhung … | head -1`: the reader has gone, and that is no error. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
