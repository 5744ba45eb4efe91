import { describe, expect, test } from 'vitest';
import pystack from '../../src/parsers/pystack/index.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(pystack);

describe('claims', () => {
  test.each([
    ['Traceback for thread 311 (trainer) [Has the GIL] (most recent call last):', 'certain'],
    ['Traceback for thread 311 (most recent call last):', 'certain'],
    ['Traceback for thread 9 (Thread-1 (launc) [] (most recent call last):', 'certain'],
    ['The frame stack for thread 311 is empty', 'certain'],
    ['    (C) File "???", line 0, in _start ()', 'certain'],
    ['Core file information:', 'likely'],
    ['Traceback (most recent call last):', 'no'],
    ['  File "/srv/a.py", line 3, in get', 'no'],
  ])('%s: %s', (text, claim) => {
    expect(claimOf(pystack, text)).toBe(claim);
  });
});

const header = (notes: string) => `Traceback for thread 311 (x) [${notes}] (most recent call last):`;

test.each([
  ['Has the GIL', { gil: 'holds', collecting: false }],
  ['Waiting for the GIL', { gil: 'waits', collecting: false }],
  ['Dropping the GIL', { gil: 'drops', collecting: false }],
  ['Has the GIL,Garbage collecting', { gil: 'holds', collecting: true }],
  ['Thread terminated', { gil: undefined, notes: ['Thread terminated'] }],
])('reads the note %s', (notes, expected) => {
  expect(threadsOf(parseText(pystack, header(notes)))[0]).toMatchObject(expected);
});

test.each([
  ['ns::Q<int>::pop(std::string const&) (/srv/libq.so)', 'ns::Q<int>::pop', '/srv/libq.so', false],
  ['move_x (inlined) (/usr/lib/liba.so)', 'move_x', '/usr/lib/liba.so', true],
  ['_start ()', '_start', undefined, false],
  ['??? (/srv/libx.so (deleted))', '???', '/srv/libx.so (deleted)', false],
  ['f()::{lambda()#1}::operator()() const (/a.so)', 'f()::{lambda()#1}::operator()', '/a.so', false],
])('reads the C frame %s', (text, name, module, inlined) => {
  const [thread] = threadsOf(parseText(pystack, `${header('')}\n    (C) File "???", line 0, in ${text}`));
  expect(thread?.frames[0]).toMatchObject({ function: name, inlined });
  expect(thread?.frames[0]?.module).toBe(module);
});

test('goes on with a value over lines, even unindented ones', () => {
  const text = `${header('')}\n    (Python) File "a.py", line 3, in f\n      Locals:\n        x: "one\ntwo: 2"\n        y: 1`;
  expect(threadsOf(parseText(pystack, text))[0]?.frames[0]?.locals).toEqual([
    { name: 'x', value: '"one\ntwo: 2"' },
    { name: 'y', value: '1' },
  ]);
});

test('takes a source line for source, also one that looks like a variable', () => {
  const text = `${header('')}\n    (Python) File "a.py", line 3, in f\n        x: int = 3\n    (Python) File "a.py", line 9, in g`;
  const parsed = parseText(pystack, text);
  expect(parsed.skipped).toEqual([]);
  expect(namesOf(threadsOf(parsed)[0])).toEqual(['g', 'f']);
});
