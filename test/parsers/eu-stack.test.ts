import { describe, expect, test } from 'vitest';
import euStack from '../../src/parsers/eu-stack.ts';
import { claimOf, describeDialect, parseText, threadsOf } from './_dialects.ts';

describeDialect(euStack);

describe('claims', () => {
  test.each([
    ['PID 900 - process', 'certain'],
    ['PID 900 - core', 'certain'],
    ['TID 901:\n#0  0x00007f8c9b0a3f16 poll', 'certain'],
    ['TID 901:\nsome prose', 'no'],
    ['#0  0x00007f8c9b0a3f16 in poll ()', 'no'],
  ])('%j: %s', (text, claim) => {
    expect(claimOf(euStack, text)).toBe(claim);
  });
});

test.each([
  ['#0  0x00007f8c9b2d44a3', { function: '', address: '0x7f8c9b2d44a3' }],
  ['#1  0x0000563cca31d380 main - /srv/app', { function: 'main', module: '/srv/app' }],
  ['#2  0x0000563cca31d380 - 1 f(int) - /srv/app', { function: 'f', module: '/srv/app' }],
  ['#2  0x0000563cca31d380     operator - (A, B) - /srv/app', { module: '/srv/app' }],
])('reads %s', (text, expected) => {
  expect(threadsOf(parseText(euStack, `TID 1:\n${text}`))[0]?.frames[0]).toMatchObject(expected);
});

test('takes a recursion for calls, not for inlining', () => {
  const text = 'TID 1:\n#0  0x0000563cca31d380 f\n#1  0x0000563cca31d380 f';
  expect(threadsOf(parseText(euStack, text))[0]?.frames.some(({ inlined }) => inlined)).toBe(false);
});
