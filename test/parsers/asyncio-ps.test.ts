import { describe, expect, test } from 'vitest';
import ps from '../../src/parsers/asyncio-ps.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(ps);

const HEADER =
  'tid        task id              task name            coroutine stack      awaiter chain   awaiter name    awaiter id';

test('claims its header only', () => {
  expect(claimOf(ps, HEADER)).toBe('certain');
  expect(claimOf(ps, 'tid 4242 hangs')).toBe('no');
});

describe('rows', () => {
  test.each([
    ['4242 0x7f01 Task-1  read -> fetch  main -> run  Task-9  0x7f00', 'Task-1', ['read', 'fetch']],
    ['4242 0x7f01 a long name read -> fetch main -> run Task-9  0x7f00', 'a long name', ['read', 'fetch']],
    ['4242 0x7f01 Task-1  read  0x0', 'Task-1', ['read']],
  ])('%s', (row, name, stack) => {
    const [task] = threadsOf(parseText(ps, `${HEADER}\n${row}`));
    expect([task?.name, namesOf(task)]).toEqual([name, stack]);
  });
});

test('reads CSV', () => {
  const text =
    'tid,task id,task name,coroutine stack,awaiter chain,awaiter name,awaiter id\n42,0x7f01,"a, b",read -> f,main,Task-9,0x7f00';
  const [task] = threadsOf(parseText(ps, text));
  expect([task?.name, namesOf(task)]).toEqual(['a, b', ['read', 'f']]);
});
