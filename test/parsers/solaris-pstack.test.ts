import { expect, test } from 'vitest';
import pstack from '../../src/parsers/solaris-pstack.ts';
import { claimOf, describeDialect } from './_dialects.ts';

describeDialect(pstack);

test.each([
  ['-----------------  lwp# 1 / thread# 1  --------------------', 'certain'],
  ['123:\t/opt/py/bin/python run.py\n ff2b1c64 poll (ff0, 1, 0)', 'certain'],
  ['123: a note\nmore of it', 'no'],
])('claims %j: %s', (text, claim) => {
  expect(claimOf(pstack, text)).toBe(claim);
});
