import type { KnownFrame } from '../frames/known-frame.ts';
import type { Frame, Variable } from '../model/frame.ts';
import type { Timeout } from '../model/wait.ts';

/** Arguments that hold a time: "timeout=-1", "timeout_=-1", "microseconds=-1000000", "timeout: None", "timeout: 30.0". */
const TIMES = /^(?:timeout_?|timeout_ms|microseconds|maxtime|block_time)$/;

/** Arguments that point to a time, null for none: "abstime=0x0", "tvp=0x0". */
const POINTERS = /^(?:abstime|reltime|abs_timeout|tmo_p|tvp?|timeout_?)$/;

/** Whether a wait ends by itself, from the frames that show it, innermost first: the first word on it counts. */
export function readTimeout(frames: readonly KnownFrame[]): Timeout {
  for (const { frame } of frames) {
    const byLine = ofLine(frame);
    if (byLine !== 'unknown') return byLine;
    for (const argument of frame.arguments) {
      const timeout = frame.language === 'python' ? ofPython(argument) : ofC(argument);
      if (timeout !== 'unknown') return timeout;
    }
  }
  return 'unknown';
}

/**
 * Condition.wait() has one line for waits without a time and another for those with one. Lines of 3.5 to 3.13; what two
 * releases use for different things is left out.
 */
const WITHOUT_TIME: ReadonlySet<number> = new Set([293, 295, 296, 302, 312, 320, 327, 355]);
const WITH_TIME: ReadonlySet<number> = new Set([297, 299, 300, 306, 316, 324, 331, 363]);

function ofLine({ file, line, function: name, language }: Frame): Timeout {
  if (language !== 'python' || line === undefined || !/(?:^|\.)wait$/.test(name)) return 'unknown';
  if (file === undefined || !/(?:^|[\\/])threading\.py$/.test(file)) return 'unknown';
  if (WITHOUT_TIME.has(line)) return 'none';
  return WITH_TIME.has(line) ? 'some' : 'unknown';
}

function ofC({ name, value }: Variable): Timeout {
  if (POINTERS.test(name) && /^0x[0-9a-f]+/.test(value)) return /^0x0+\b/.test(value) ? 'none' : 'some';
  if (!TIMES.test(name) || !/^-?\d/.test(value)) return 'unknown';
  return value.startsWith('-') ? 'none' : 'some';
}

/** What py-spy shows with --locals. A call without any time has None, threading's own calls have -1. */
function ofPython({ name, value }: Variable): Timeout {
  if (!TIMES.test(name)) return 'unknown';
  if (value === 'None' || value.startsWith('-')) return 'none';
  return /^\d/.test(value) ? 'some' : 'unknown';
}
