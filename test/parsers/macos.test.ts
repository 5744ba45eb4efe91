import { describe, expect, test } from 'vitest';
import crash from '../../src/parsers/macos-crash.ts';
import sample from '../../src/parsers/macos-sample.ts';
import spindump from '../../src/parsers/macos-spindump.ts';
import { claimOf, describeDialect, parseText, threadsOf } from './_dialects.ts';

describe('sample', () => {
  // The heaviest path is known only at a thread's end.
  describeDialect(sample, { cuts: false });

  test.each([
    ['Analysis of sampling python3.11 (pid 4242) every 1 millisecond', 'certain'],
    ['    2750 Thread_12537027: Main Thread   DispatchQueue_1: com.apple.main-thread  (serial)', 'certain'],
    ['Thread 0::  Dispatch queue: com.apple.main-thread', 'no'],
  ])('claims %s: %s', (text, claim) => {
    expect(claimOf(sample, text)).toBe(claim);
  });

  test('is stuck only when every sample ends in one function', () => {
    const text = (part: number) => `    9 Thread_1\n    + 9 a  (in x) + 1  [0x1]\n    +   ${part} b  (in x) + 1  [0x2]`;
    expect(threadsOf(parseText(sample, text(9)))[0]?.progress).toBe('stuck');
    expect(threadsOf(parseText(sample, text(8)))[0]?.progress).toBeUndefined();
  });
});

describe('crash report', () => {
  describeDialect(crash);

  test.each([
    ['Thread 0::  Dispatch queue: com.apple.main-thread\n0   libsystem.dylib   0x187afd3cc read + 8', 'certain'],
    ['Thread 1:\n0   libsystem.dylib   0x187afd3cc read + 8', 'certain'],
    ['Thread 1:\nTraceback (most recent call last):', 'no'],
    ['Thread 0 crashed with ARM Thread State (64-bit):', 'no'],
  ])('claims %j: %s', (text, claim) => {
    expect(claimOf(crash, text)).toBe(claim);
  });
});

describe('spindump', () => {
  // The heaviest path is known only at a thread's end.
  describeDialect(spindump, { cuts: false });

  test.each([
    ['Data Source:      Stackshots', 'certain'],
    ['  Thread 0x2ca9e    DispatchQueue "com.apple.main-thread"(1)    1001 samples (1-1001)', 'certain'],
    ['Thread 0x00007f10b8ffe6c0 (most recent call first):', 'no'],
    ['Thread 0x7F10B8FFE6C0 (idle)', 'no'],
  ])('claims %s: %s', (text, claim) => {
    expect(claimOf(spindump, text)).toBe(claim);
  });
});
