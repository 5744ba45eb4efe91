import { describe, expect, test } from 'vitest';
import samplingDump from '../../src/parsers/sampling-dump.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(samplingDump);

describe('claims', () => {
  test.each([
    ['Stack dump for PID 4242, thread 4242 (main thread, has GIL; most recent call last):', 'certain'],
    ['Stack dump, thread 4250 (most recent call last):', 'certain'],
    ['Stack (most recent call last):', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(samplingDump, text)).toBe(claim);
  });
});

test('reads frames without a place', () => {
  const text = 'Stack dump, thread 1 (idle; most recent call last):\n  Pool.run\n  <native>';
  expect(namesOf(threadsOf(parseText(samplingDump, text))[0])).toEqual(['<native>', 'Pool.run']);
});
