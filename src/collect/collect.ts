import type { Warning } from '../model/dump.ts';
import type { Host } from './host.ts';

/** In the order in which they run: those that pause the target least come first. */
export const TOOLS = ['proc', 'py-spy', 'gdb', 'pystack', 'eu-stack'] as const;
export type ToolName = (typeof TOOLS)[number];

export interface CollectOptions {
  /** `undefined`: all that are installed, as far as they add something. */
  readonly tools: readonly ToolName[] | undefined;
  /** Times to look; two tell stuck from moving. */
  readonly moments: number;
  readonly intervalSeconds: number;
  /** Also all processes below those given. */
  readonly subprocesses: boolean;
  /** Values of variables, which may hold secrets. */
  readonly locals: boolean;
  /** Of each run of a tool. */
  readonly timeoutSeconds: number;
  readonly host: Host;
  /** Told what happens, a line each. */
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface NamedText {
  /** `8412/py-spy.1.txt`: process, tool, moment. */
  readonly name: string;
  readonly text: string;
}

export interface Collected {
  readonly inputs: readonly NamedText[];
  readonly warnings: readonly Warning[];
  /** For how long tools held the targets still, in all; `undefined` where no tool did. */
  readonly pausedMilliseconds: number | undefined;
}

/** Takes dumps of live processes. Changes nothing in them, and leaves them running. */
export async function collect(_pids: readonly number[], _options: CollectOptions): Promise<Collected> {
  return { inputs: [], warnings: [], pausedMilliseconds: undefined };
}
