import type { KnownFrame } from '../frames/known-frame.ts';
import type { Frame, Variable } from '../model/frame.ts';
import type { Timeout } from '../model/wait.ts';

/** Arguments that hold a time: "timeout=-1", "timeout_=-1", "microseconds=-1000000", "timeout: None", "timeout: 30.0". */
const TIMES = /^(?:timeout_?|timeout_ms|microseconds|maxtime|block_time)$/;

/** Arguments that point to a time, null for none: "abstime=0x0", "tvp=0x0". */
const POINTERS = /^(?:abstime|reltime|abs_timeout|tmo_p|tvp?|timeout_?)$/;

/**
 * Whether a wait ends by itself, from the frames that show it: the first word on it counts.
 *
 * @param frames innermost first
 * @param version of the process's Python, where it is known
 */
export function readTimeout(frames: readonly KnownFrame[], version?: string): Timeout {
  for (const { frame, byLine: called, categories } of frames) {
    // Only calls of locks without arguments are known by their source line.
    if (called && categories.has('lock-wait')) return 'none';
    const byLine = ofLine(frame, version);
    if (byLine !== 'unknown') return byLine;
    for (const argument of frame.arguments) {
      const timeout = frame.language === 'python' ? ofPython(argument) : ofC(argument);
      if (timeout !== 'unknown') return timeout;
    }
  }
  return 'unknown';
}

/** Condition.wait() has one line for waits without a time and another for those with one. Lines of 3.5 to 3.13. */
const WITHOUT_TIME: ReadonlySet<number> = new Set([293, 295, 296, 302, 312, 320, 327, 355]);
const WITH_TIME: ReadonlySet<number> = new Set([297, 299, 300, 306, 316, 324, 331, 363]);

/** A line that two releases use for different things: only the release, or the path of its library, tells. */
const SHARED: { readonly line: number; readonly releases: ReadonlyMap<string, Timeout> } = {
  line: 359,
  releases: new Map([
    ['3.12', 'some'],
    ['3.13', 'none'],
  ]),
};

function ofLine({ file, line, function: name, language, sourceLine }: Frame, version: string | undefined): Timeout {
  if (language !== 'python' || line === undefined || !/(?:^|\.)wait$/.test(name)) return 'unknown';
  if (file === undefined || !/(?:^|[\\/])threading\.py$/.test(file)) return 'unknown';
  // "waiter.acquire()" and "gotit = waiter.acquire(True, timeout)", in all versions.
  const called = /\bwaiter\.acquire\((?<time>.*)\)/.exec(sourceLine ?? '')?.groups;
  if (called !== undefined) return called.time === '' ? 'none' : 'some';
  if (line === SHARED.line) {
    const release = /(?:^|python)(3\.\d+)/.exec(file)?.[1] ?? /^3\.\d+/.exec(version ?? '')?.[0];
    return SHARED.releases.get(release ?? '') ?? 'unknown';
  }
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
