import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Signals that make the kernel write a core file. */
const WITH_CORE: ReadonlySet<string> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGSYS',
]);
const LIMIT_MILLISECONDS = 500;

/**
 * Ends this program by the signal that its command died of, so that whoever waits for it sees the same. Returns the exit code
 * that shells give such an end where that must not be: a core file of this program would take the place of the command's.
 */
export async function raise(signal: NodeJS.Signals): Promise<number> {
  if (!WITH_CORE.has(signal) || !writesCore()) {
    restoreDefault(signal);
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLISECONDS));
  }
  return 128 + constants.signals[signal];
}

/** Node ignores SIGPIPE; a listener that comes and goes leaves what the system does by default. */
function restoreDefault(signal: NodeJS.Signals): void {
  if (signal === 'SIGKILL' || signal === 'SIGSTOP') return;
  process.on(signal, () => {});
  process.removeAllListeners(signal);
}

// "Max core file size         0                    unlimited            bytes": the first number holds.
const CORE_LIMIT = /^Max core file size\s+(?<soft>\S+)/m;

function writesCore(): boolean {
  try {
    return CORE_LIMIT.exec(readFileSync('/proc/self/limits', 'utf8'))?.groups?.soft !== '0';
  } catch {
    return true;
  }
}
