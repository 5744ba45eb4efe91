import type { Ending, RunningCommand } from '../../collect/supervise/command.ts';
import { followTree, type ProcessTree } from '../../collect/supervise/process-tree.ts';
import type { SignalPassing } from '../../collect/supervise/signals.ts';
import { type Event, supervise } from '../../collect/supervise/supervise.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { formatDuration } from '../number-options.ts';
import type { ReportFolder } from '../report-folder.ts';
import type { RunOptions } from '../run-command.ts';
import { type Stop, stopAll, waitFor } from './stop.ts';

/** What this program ends with: an exit code, or the signal that a command died of. */
export type End = number | NodeJS.Signals;

export interface Attendance {
  /** Of the command, for messages. */
  readonly name: string;
  readonly options: RunOptions;
  readonly folder: ReportFolder | undefined;
  readonly io: Io;
  readonly tell: (line: string) => void;
  readonly stop: Stop;
  readonly signals: SignalPassing;
}

/** Stays with a command to its end, whoever brings that about. */
export async function attend(command: RunningCommand, attendance: Attendance): Promise<End> {
  const { options, tell, stop, signals } = attendance;
  const tree = followTree({ rootPid: command.pid, marker: command.marker });
  try {
    const supervision = supervise(command, {
      tree,
      limits: { timeoutSeconds: options.timeout, stallSeconds: options.stall },
      end: stop.end,
    });
    for (;;) {
      signals.passTo(command.pid);
      const event = await supervision.next();
      if (event.kind === 'ended') return endOf(event.ending);
      signals.passTo(undefined);
      const end = await meet(event, { command, tree, attendance });
      if (end !== undefined) return end;
    }
  } catch (error) {
    // A fault of this program must not leave the command behind.
    await stopAll(tree, { graceSeconds: options.grace, hurry: stop.hurry, tell });
    throw error;
  }
}

interface Scene {
  readonly command: RunningCommand;
  readonly tree: ProcessTree;
  readonly attendance: Attendance;
}

/** Does what is to be done; `undefined` when the command goes on. */
async function meet(event: Exclude<Event, { kind: 'ended' }>, scene: Scene): Promise<End | undefined> {
  const { command, tree, attendance } = scene;
  const { options, tell, name, stop } = attendance;
  if (event.kind === 'asked-to-end') return endAsAsked(scene);

  tell(`${describe(event)}: looking at ${name} (pid ${command.pid}) and all that it started`);
  // Loaded only now: a command that does not hang has not to wait for it.
  const { look } = await import('./look.ts');
  const goesOn = await look(tree.look(), { ...attendance, signal: stop.end, sparesIdle: event.kind === 'stall' });
  const ending = command.ending();
  if (ending !== undefined) {
    tell(`${name} ended by itself meanwhile`);
    return endOf(ending);
  }
  if (goesOn) return undefined;
  await stopAll(tree, { graceSeconds: options.grace, hurry: stop.hurry, tell });
  return stop.asked() ?? EXIT.ended;
}

function describe({ kind, seconds }: Extract<Event, { kind: 'timeout' | 'stall' }>): string {
  const time = formatDuration(seconds);
  return kind === 'timeout' ? `still running after ${time}` : `no output and no work for ${time}`;
}

/** The command has the signal and half of the time to end in its own way; then the rest of it is ended. */
async function endAsAsked({ command, tree, attendance: { options, tell, stop } }: Scene): Promise<End> {
  await waitFor(command.ended, options.grace / 2, stop.hurry);
  await stopAll(tree, { graceSeconds: options.grace / 2, hurry: stop.hurry, tell });
  const ending = command.ending();
  // The command's own answer; where it had to be killed, the signal that asked.
  if (ending === undefined || ending.signal === 'SIGKILL') return stop.asked() ?? 'SIGTERM';
  return endOf(ending);
}

const endOf = ({ exitCode, signal }: Ending): End => signal ?? exitCode;
