import { expect, test } from 'vitest';
import log from '../../src/parsers/gdb-dap-log.ts';
import { claimOf, describeDialect, parseText, threadsOf } from './_dialects.ts';

describeDialect(log, { cuts: false });

const answer = (seq: number, name: string) =>
  `{"type":"response","command":"stackTrace","request_seq":${seq},"success":true,"body":{"stackFrames":[{"id":1,"name":"${name}","line":3,"column":0}]},"seq":9}`;
const THREADS =
  '{"type":"response","command":"threads","request_seq":1,"success":true,"body":{"threads":[{"id":2,"name":"io"},{"id":1}]},"seq":8}';

test.each([
  ['WROTE: <<<{"type":"event","event":"initialized","seq":2}>>>', 'certain'],
  ['Content-Length: 20\n\n{"type":"event"}', 'certain'],
  ['Content-Length: 20', 'no'],
  ['Content-Length: 20\n\n<html>', 'no'],
])('claims %j: %s', (text, claim) => {
  expect(claimOf(log, text)).toBe(claim);
});

test('pairs answers with requests', () => {
  const text = `READ: <<<{"type":"request","command":"stackTrace","seq":5,"arguments":{"threadId":2}}>>>\nWROTE: <<<${THREADS}>>>\nWROTE: <<<${answer(5, 'poll')}>>>`;
  expect(threadsOf(parseText(log, text))).toMatchObject([
    { id: '2', name: 'io', frames: [{ function: 'poll', line: 3 }] },
  ]);
});

test('takes answers on the wire in the order of the threads', () => {
  const text = `Content-Length: 9\n\n${THREADS}Content-Length: 9\n\n${answer(5, 'poll')}Content-Length: 9\n\n${answer(6, 'main')}`;
  expect(threadsOf(parseText(log, text)).map(({ id, frames }) => [id, frames[0]?.function])).toEqual([
    ['2', 'poll'],
    ['1', 'main'],
  ]);
});

test('numbers nothing when an answer is missing', () => {
  expect(
    threadsOf(parseText(log, `Content-Length: 9\n\n${THREADS}\nContent-Length: 9\n\n${answer(5, 'poll')}`)).map(
      ({ id }) => id,
    ),
  ).toEqual(['']);
});
