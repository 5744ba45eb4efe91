import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inheritedDescriptors } from './descriptors.ts';
import { quietly } from './process-table.ts';

/** How a command ended. */
export type Ending =
  | { readonly exitCode: number; readonly signal: undefined }
  | { readonly exitCode: undefined; readonly signal: NodeJS.Signals };

export interface RunningCommand {
  readonly pid: number;
  /** The variable that marks all processes of this run. */
  readonly marker: string;
  readonly ended: Promise<Ending>;
  /** Known as soon as the command has ended. */
  ending(): Ending | undefined;
}

/** The command could not be started, as a shell would say it: 127 not found, 126 found but not to be run. */
export interface NotStarted {
  readonly exitCode: 126 | 127;
  readonly reason: string;
  readonly hint: string;
}

/**
 * Starts a command as if this program were not there: no shell, its streams untouched, in the same process group and
 * session, so that a terminal's Ctrl-C and Ctrl-Z reach it.
 */
export async function startCommand(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningCommand | NotStarted> {
  // In the name and not the value: a run inside a run keeps both marks.
  const marker = `WHYHUNG_RUN_${process.pid}_${Date.now().toString(36)}`;
  const trouble = (error: unknown): NotStarted => explain(file, { code: codeOf(error), path: env.PATH });
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: inheritedDescriptors(), env: { ...env, [marker]: '1' } });
  } catch (error) {
    return trouble(error);
  }
  let ending: Ending | undefined;
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => {
      ending = signal === null ? { exitCode: code ?? 0, signal: undefined } : { exitCode: undefined, signal };
      resolve(ending);
    });
  });
  const { pid } = child;
  if (pid !== undefined) return { pid, marker, ended, ending: () => ending };
  return new Promise((resolve) => child.once('error', (error) => resolve(trouble(error))));
}

function explain(file: string, { code, path }: { code: string; path: string | undefined }): NotStarted {
  const found = findFile(file, path);
  if (code === 'ENOENT' && found === undefined)
    return {
      exitCode: 127,
      reason: 'no such command',
      hint: file.includes('/') ? 'Check the path.' : 'Check the name and PATH, or give the path of the file.',
    };
  if (code === 'ENOENT')
    return {
      exitCode: 126,
      reason: `the program that its first line names does not exist (${found})`,
      hint: 'Mend the line that begins with #!, or name the interpreter: whyhung run -- python FILE',
    };
  if (code === 'E2BIG')
    return { exitCode: 126, reason: 'its arguments are too long for the system', hint: 'Pass them in a file.' };
  const isFolder = found !== undefined && quietly(() => statSync(found).isDirectory()) === true;
  if (isFolder) return { exitCode: 126, reason: 'a folder, not a program', hint: 'Give the path of the program.' };
  if (code === 'EACCES' || code === 'EPERM')
    return {
      exitCode: 126,
      reason: 'no right to run it',
      hint: `chmod +x ${found ?? file}, or name the interpreter: whyhung run -- python FILE`,
    };
  return { exitCode: 126, reason: `cannot be started (${code})`, hint: 'Try it without whyhung.' };
}

function findFile(file: string, path = ''): string | undefined {
  const places = file.includes('/') ? [file] : path.split(delimiter).map((folder) => join(folder, file));
  return places.find((place) => existsSync(place));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
