/** The world as a command sees it, so that tests can run the program without starting one. */
export interface Io {
  readonly stdin: { readonly isTerminal: boolean; read(): Promise<Uint8Array> };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
}

export interface Output {
  readonly isTerminal: boolean;
  /** Known for terminals only. */
  readonly columns: number | undefined;
  write(text: string): void;
}

export function ioOfProcess(): Io {
  return {
    stdin: { isTerminal: process.stdin.isTTY === true, read: readStdin },
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    env: process.env,
    cwd: process.cwd(),
  };
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function outputTo(stream: NodeJS.WriteStream): Output {
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.isTTY === true ? stream.columns : undefined,
    write: (text) => {
      stream.write(text);
    },
  };
}

/** `whyhung … | head -1`: the reader has gone, and that is no error. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
