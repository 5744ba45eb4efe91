import { describe, expect, test } from 'vitest';
import pstree from '../../src/parsers/asyncio-pstree.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(pstree);

describe('claims', () => {
  test.each([
    ['└── (T) Task-1', 'certain'],
    ['    ├── (T) fetch one', 'certain'],
    ['├── src', 'no'],
    ['└── index.ts', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(pstree, text)).toBe(claim);
  });
});

test('reads a task below two awaiters once', () => {
  const text = '└── (T) a\n    └── (T) c\n        └──  f /a.py:1\n└── (T) b\n    └── (T) c\n        └──  f /a.py:1';
  const tasks = threadsOf(parseText(pstree, text));
  expect(tasks.map(({ name }) => name)).toEqual(['a', 'c', 'b']);
  expect(namesOf(tasks[1])).toEqual(['f']);
});
