import { describe, expect, test } from 'vitest';
import { readCString, readResults } from '../../src/parsers/_shared/gdb-mi-value.ts';
import gdbMi from '../../src/parsers/gdb-mi.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(gdbMi, { cuts: false });

const FRAME = 'frame={level="0",addr="0x00007F01",func="poll",from="/lib/libc.so.6"}';

test.each([
  ['msg="a\\n\\"b\\" \\303\\251\\t"', { msg: 'a\n"b" é\t' }],
  ['stack=[frame={level="0"},frame={level="1"}]', { stack: [{ level: '0' }, { level: '1' }] }],
  ['thread-ids={thread-id="1",thread-id="2"},n="2"', { 'thread-ids': { 'thread-id': ['1', '2'] }, n: '2' }],
  ['stack=[],e={}', { stack: [], e: {} }],
  ['stack=[frame={level="0",func="po', { stack: [{ level: '0', func: 'po' }] }],
  ['__proto__="x"', Object.fromEntries([['__proto__', 'x']])],
  ['=,"]', {}],
])('reads %s', (text, expected) => {
  expect(readResults(text, 0)).toEqual(expected);
});

test('reads no deeper than any answer goes', () => {
  expect(readResults(`a=${'['.repeat(100_000)}`, 0)).toBeDefined();
});

test('reads the text of the console', () => {
  expect(readCString('"#0  0x01 in f (s=0x5 \\"a\\")\\n"', 0)).toBe('#0  0x01 in f (s=0x5 "a")\n');
});

test.each([
  [`^done,stack=[${FRAME}]`, 'certain'],
  ['1005^done,threads=[]', 'certain'],
  ['1: (7300) <-1005^done,stack=[]', 'certain'],
  ['=thread-group-started,id="i1",pid="9437"', 'certain'],
  ['*stopped,reason="signal-received"', 'certain'],
  ['~"[New LWP 9479]\\n"', 'certain'],
  ['^done', 'likely'],
  ['~/bin/run', 'no'],
  ['=== 3 failed ===', 'no'],
  ['(gdb) bt', 'no'],
])('claims %s: %s', (text, claim) => {
  expect(claimOf(gdbMi, text)).toBe(claim);
});

describe('a stack is of the thread', () => {
  const threads =
    '^done,threads=[{id="2",target-id="Thread 0x7f10 (LWP 51)",name="io",frame={level="0",addr="0x1",func="read",args=[]}},{id="1",target-id="Thread 0x7f11 (LWP 50)",frame={level="0",addr="0x2",func="poll",args=[{name="timeout",value="-1"}]}}],current-thread-id="1"';
  const stack = (address: string, name: string) =>
    `^done,stack=[frame={level="0",addr="${address}",func="${name}"},frame={level="1",addr="0x9",func="main"}]`;

  test.each([
    ['that the command names', ['-stack-list-frames --thread 2', stack('0x5', 'write')], '2'],
    [
      'that the command with the same token names',
      ['7-stack-list-frames --thread 2', '8-gdb-version', `7${stack('0x5', 'write')}`],
      '2',
    ],
    ['that alone stands there', [stack('0x1', 'read')], '2'],
    ['of no known number', [stack('0x5', 'write')], ''],
  ])('%s', (_, lines, id) => {
    const found = threadsOf(parseText(gdbMi, [threads, ...lines].join('\n'))).find(({ frames }) => frames.length === 2);
    expect(found?.id).toBe(id);
  });

  test('and takes from the table what the stack leaves out', () => {
    const thread = threadsOf(parseText(gdbMi, `${threads}\n${stack('0x2', 'poll')}`)).find(({ id }) => id === '1');
    expect(thread).toMatchObject({ nativeId: 50, truncated: false });
    expect(thread?.frames[0]?.arguments).toEqual([{ name: 'timeout', value: '-1' }]);
  });
});

test('reads lists of arguments by level, without the values at entry', () => {
  const text = `^done,stack=[${FRAME}]\n^done,stack-args=[frame={level="0",args=[{name="x",value="1"},{name="x@entry",value="1"},{name="y@entry",value="2"}]}]`;
  expect(threadsOf(parseText(gdbMi, text))[0]?.frames[0]?.arguments).toEqual([
    { name: 'x', value: '1' },
    { name: 'y', value: '2' },
  ]);
});

test('reads a backtrace that the console printed in pieces', () => {
  const text = '~"\\nThread 2 (LWP 51):\\n#0  0x01 in rea"\n~"d () from l.so\\n#1  0x02 in main () at m.c:3\\n"\n^done';
  const [thread] = threadsOf(parseText(gdbMi, text));
  expect(thread).toMatchObject({ id: '2', nativeId: 51 });
  expect(namesOf(thread)).toEqual(['read', 'main']);
});

test('keeps an error visible', () => {
  const error = '^error,msg="ptrace: Operation not permitted."';
  expect(parseText(gdbMi, error).skipped.map(({ text }) => text)).toEqual([error]);
});
