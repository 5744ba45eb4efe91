/** Where commands run and files are read: this machine, or another one behind a prefix such as `kubectl exec POD --`. */
export interface Host {
  /** "this machine", or the prefix as it was given. */
  readonly name: string;
  readonly isLocal: boolean;
  /** Runs an argument array, never through a shell. Never throws: what went wrong is in the answer. */
  run(command: string, args: readonly string[], options: RunOptions): Promise<Ran>;
  /** A file's text; `undefined` where it cannot be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Those of the files that can be read, in one go: each call through a prefix costs a connection. */
  readFiles(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  readLink(path: string): Promise<string | undefined>;
  readLinks(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Names in a folder, unsorted; `undefined` where it cannot be read. */
  listDir(path: string): Promise<readonly string[] | undefined>;
}

export interface RunOptions {
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  /** How it ended; the output up to then is there in any case. */
  readonly end: 'exit' | 'not-found' | 'timeout' | 'aborted' | 'too-much' | 'killed';
  /** `undefined` unless it ended by itself. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}
