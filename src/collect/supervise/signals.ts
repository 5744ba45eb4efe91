import { readFileSync } from 'node:fs';
import { parseForeground, parseStat } from './proc-stat.ts';
import { quietly } from './process-table.ts';

export interface SignalPassing {
  /** Whom signals are for: a command that is left to itself, or `undefined` for this program. */
  passTo(pid: number | undefined): void;
  /** As it was before. */
  undo(): void;
}

/** SIGCHLD, SIGWINCH and the like are not for others; SIGKILL and SIGSTOP cannot be passed on. */
const PASSED = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP', 'SIGCONT'] as const;
const ENDING: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM']);
/** What a terminal's keys send to the whole group in its foreground, the command included. */
const FROM_KEYS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Passes on to a command what is sent to this program, each signal once. To be called before the command is started: from
 * then on this program must not die of a signal and leave it behind. `onEnd`: somebody wants all of it to end.
 */
export function passSignals(onEnd: (signal: NodeJS.Signals) => void): SignalPassing {
  let target: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    if (target === undefined && ENDING.has(signal)) {
      onEnd(signal);
      return;
    }
    if (target !== undefined && !(FROM_KEYS.has(signal) && isInForeground())) send(target, signal);
    if (signal === 'SIGTERM') onEnd(signal);
    // The command has been told; what was caught here must do to this program what it does to the command: stop it, unless
    // nobody is there who could let it go on (an orphaned process group), where the kernel lets the signal pass.
    if (signal === 'SIGTSTP') {
      process.off(signal, handle);
      send(process.pid, signal);
    }
    if (signal === 'SIGCONT' && process.listenerCount('SIGTSTP') === 0) process.on('SIGTSTP', handle);
  };
  for (const signal of PASSED) process.on(signal, handle);
  return {
    passTo: (pid) => {
      target = pid;
    },
    undo: () => {
      for (const signal of PASSED) process.off(signal, handle);
    },
  };
}

/** Then the command, which shares the group, has been told by the terminal already. */
function isInForeground(): boolean {
  const text = quietly(() => readFileSync('/proc/self/stat', 'latin1')) ?? '';
  const foreground = parseForeground(text);
  return foreground !== undefined && foreground === parseStat(text)?.groupId;
}

function send(pid: number, signal: NodeJS.Signals): void {
  quietly(() => process.kill(pid, signal));
}
