import { InvalidArgumentError } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
// "90", "1.5h", "1h30m", "500ms"
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$|^\d+(?:\.\d+)?$/;
const PART = /(?<amount>\d+(?:\.\d+)?)(?<unit>ms|[smhd])?/g;
/** Longer waits overflow the timers. */
const LONGEST_SECONDS = 24 * 86_400;

/** Seconds of a duration as timeout(1) and people write it; without a unit it is seconds. */
export function parseDuration(text: string): number {
  if (!WHOLE.test(text)) throw new InvalidArgumentError('Give a time such as 90s, 5m or 1h30m.');
  const parts = [...text.matchAll(PART)].map(
    ({ groups }) => Number(groups?.amount) * (SECONDS[groups?.unit ?? 's'] ?? 1),
  );
  const seconds = parts.reduce((sum, part) => sum + part, 0);
  if (seconds > LONGEST_SECONDS) throw new InvalidArgumentError('The longest time is 24d.');
  return seconds;
}

/** 0 turns a limit off, as for timeout(1). */
export function parseLimit(text: string): number | undefined {
  const seconds = parseDuration(text);
  return seconds === 0 ? undefined : seconds;
}

/** "0.5 s", "90 s", "5 min", "1 h 30 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return [`${Math.floor(minutes / 60)} h`, ...(minutes % 60 === 0 ? [] : [`${minutes % 60} min`])].join(' ');
}

export function countFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < least || count > most)
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return count;
  };
}
