import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clean, neutralise, toAscii } from '../../../src/reporters/_shared/clean.ts';
import { HOSTILE } from '../../support/hostile-text.ts';

describe('clean', () => {
  test.each([
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\u202eb', 'a\\u202eb'],
    ['one\r\ntwo\tthree', 'one two three'],
    ['\u{e0041}', '\\u{e0041}'],
    ['größe 計算 😀', 'größe 計算 😀'],
    ['\ud83d', '\\ud83d'],
  ])('%j becomes %j', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  test('leaves nothing that could move a cursor or hide and reorder text', () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        expect(clean(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('changes nothing a second time', () => {
    fc.assert(fc.property(HOSTILE, (text) => neutralise(neutralise(text)) === neutralise(text)));
  });
});

describe('toAscii', () => {
  test.each([
    ['→ …', '-> ...'],
    ['größe', 'gr\\xf6\\xdfe'],
    ['😀', '\\u{1f600}'],
  ])('%j becomes %j', (text, expected) => {
    expect(toAscii(text)).toBe(expected);
  });
});
