import { collect } from '../collect/collect.ts';
import { localHost } from '../collect/local-host.ts';
import type { ProcessEntry } from '../collect/supervise/process-table.ts';
import { isZombie } from '../collect/supervise/process-tree.ts';
import { diagnose } from '../diagnose.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Warning } from '../model/dump.ts';

export interface ExamineOptions {
  readonly moments: number;
  /** Seconds between two moments. */
  readonly between: number;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Examined {
  readonly diagnosis: Diagnosis;
  /** By name, as they were read. */
  readonly dumps: ReadonlyMap<string, string>;
}

/** Each takes the tools some seconds; what is beyond is most likely more of the same. */
const MOST_PROCESSES = 64;
const TOOL_LIMIT_SECONDS = 60;

/** Captures live processes and diagnoses them: what `whyhung attach` does, for several at once. */
export async function examine(
  processes: readonly ProcessEntry[],
  { moments, between, onProgress, signal }: ExamineOptions,
): Promise<Examined> {
  const living = processes.filter((entry) => !isZombie(entry));
  const { inputs, warnings } = await collect(
    living.slice(0, MOST_PROCESSES).map(({ pid }) => pid),
    {
      tools: undefined,
      moments,
      intervalSeconds: between,
      subprocesses: false,
      locals: false,
      timeoutSeconds: TOOL_LIMIT_SECONDS,
      host: localHost(),
      onProgress,
      signal,
    },
  );
  const bare = diagnose(inputs);
  const own = [...zombieWarnings(processes), ...tooManyWarning(living.length)];
  return {
    diagnosis: { ...bare, warnings: [...own, ...withoutHelpers(warnings, living.length), ...bare.warnings] },
    dumps: new Map(inputs.map(({ name, text }) => [name, text])),
  };
}

/** A shell or make between Python processes is no obstacle; that there is no Python at all is one. */
function withoutHelpers(warnings: readonly Warning[], count: number): Warning[] {
  const [first, ...others] = warnings.filter(({ code }) => code === 'no-python');
  const rest = warnings.filter(({ code }) => code !== 'no-python');
  if (first === undefined || others.length + 1 < Math.min(count, MOST_PROCESSES)) return rest;
  const message = others.length === 0 ? first.message : `none of the ${others.length + 1} processes runs Python`;
  return [...rest, { ...first, message, hint: 'The C frames of gdb, if it is there, are all that can be seen.' }];
}

function zombieWarnings(processes: readonly ProcessEntry[]): Warning[] {
  return processes.filter(isZombie).map(({ pid, name, parentPid }) => ({
    code: 'zombie-process',
    message: `process ${pid} (${name}) has ended, and its parent ${parentPid} has not waited for it: it has no stack any more`,
    hint: `Look at why process ${parentPid} does not wait for its child; see how that ended in the output.`,
    source: undefined,
    line: undefined,
  }));
}

function tooManyWarning(count: number): Warning[] {
  if (count <= MOST_PROCESSES) return [];
  const message = `${count} processes are there; the first ${MOST_PROCESSES} were looked at`;
  return [{ code: 'processes-left-out', message, hint: undefined, source: undefined, line: undefined }];
}
