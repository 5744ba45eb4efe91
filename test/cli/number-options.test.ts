import { expect, test } from 'vitest';
import { formatDuration, parseDuration, parseLimit } from '../../src/cli/number-options.ts';

test.each([
  ['90', 90],
  ['90s', 90],
  ['1.5h', 5400],
  ['1h30m', 5400],
  ['500ms', 0.5],
  ['0', 0],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', 'soon', '5 m', '-1', '1m30', 'm', '1e3', '25d'])('%j is no time', (text) => {
  expect(() => parseDuration(text)).toThrow(/time/);
});

test('0 is no limit', () => {
  expect(parseLimit('0s')).toBeUndefined();
});

test.each([
  [0.5, '0.5 s'],
  [90, '90 s'],
  [300, '5 min'],
  [5400, '1 h 30 min'],
  [7200, '2 h'],
])('%d seconds are shown as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
