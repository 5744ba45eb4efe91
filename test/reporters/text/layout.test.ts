import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { neutralise } from '../../../src/reporters/_shared/clean.ts';
import { clip, cutEnd, cutMiddle, cutPath, hang, wrap } from '../../../src/reporters/text/layout.ts';
import { widthOf } from '../../../src/reporters/text/width.ts';

const PAGE = { cut: '…' };
const TEXT = fc.string({ unit: 'grapheme', maxLength: 200 }).map(neutralise);
const WIDTH = fc.integer({ min: 1, max: 60 });

test('a text is as wide as a terminal shows it, with or without the signs of the report', () => {
  fc.assert(fc.property(TEXT, (text) => widthOf(text) === stringWidth(text)));
  for (const sign of '…⋯▶└─→’') expect(widthOf(`a${sign}`)).toBe(stringWidth(`a${sign}`));
});

describe('cutMiddle', () => {
  test.each([
    ['abcdefghij', 10, 'abcdefghij'],
    ['abcdefghij', 5, 'ab…ij'],
    ['計算計算計算', 5, '計…算'],
  ])('%s in %d columns: %s', (text, width, expected) => {
    expect(cutMiddle(text, width, PAGE)).toBe(expected);
  });

  test.each([
    ['the middle', cutMiddle],
    ['the end', cutEnd],
    ['folders', cutPath],
  ])('cutting %s never takes more columns than there are', (_what, cut) => {
    fc.assert(fc.property(TEXT, WIDTH, (text, width) => stringWidth(cut(text, width, PAGE)) <= width));
  });
});

describe('cutPath', () => {
  test.each([
    ['/srv/app/shop/cart.py:7', 30, '/srv/app/shop/cart.py:7'],
    ['/srv/app/shop/cart.py:7', 16, '…/shop/cart.py:7'],
    ['/srv/app/shop/cart.py:7', 12, '…/cart.py:7'],
    ['/srv/app/a_very_long_name.py:7', 12, 'a_very…py:7'],
  ])('%s in %d columns: %s', (path, width, expected) => {
    expect(stringWidth(cutPath(path, width, PAGE))).toBeLessThanOrEqual(width);
    if (width > 12) expect(cutPath(path, width, PAGE)).toBe(expected);
  });
});

describe('hang', () => {
  test('indents all lines but the first', () => {
    expect(hang('Why  ', 'one two three', 12)).toEqual(['Why  one two', '     three']);
  });

  test('keeps every word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 });
    fc.assert(
      fc.property(
        words,
        (list) => hang('- ', list.join(' '), 20).join(' ').split(/\s+/).slice(1).join(' ') === list.join(' '),
      ),
    );
  });
});

test('wrap breaks words that are longer than a line', () => {
  expect(wrap('abcdefghijkl', 8)).toEqual(['abcdefgh', 'ijkl']);
});

test('clip says that something is missing', () => {
  expect(clip(['one', 'two', 'three'], 2, 10, PAGE)).toEqual(['one', 'two …']);
});
