import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import gdbDap from '../../src/parsers/gdb-dap.ts';
import type { JsonParser } from '../../src/parsers/parser.ts';
import pygdbmi from '../../src/parsers/pygdbmi.ts';

const FORMATS = join(import.meta.dirname, '../../fixtures/formats');
const parsers: JsonParser[] = [pygdbmi, gdbDap];
const cases = parsers.flatMap((parser) =>
  readdirSync(join(FORMATS, parser.format)).map((name) => ({ parser, name: `${parser.format}/${name}` })),
);
const read = (path: string): unknown => JSON.parse(readFileSync(join(FORMATS, path), 'utf8'));

describe.each(cases)('$name', ({ parser, name }) => {
  const value = read(`${name}/dump.json`);

  test('is accepted by its parser alone', () => {
    expect(parsers.filter((one) => one.accepts(value))).toEqual([parser]);
  });

  test('reads as expected.json says', () => {
    const parsed = parser.parse({ source: 'dump.json', value, line: 1 });
    expect(JSON.parse(JSON.stringify(parsed))).toEqual(read(`${name}/expected.json`));
  });
});

test.each([
  [[]],
  [{}],
  [null],
  ['^done'],
  [[{ name: 'MainThread', owns_gil: true, frames: [] }]],
  [{ type: 'result', title: 'a test report', payload: {} }],
  [{ level: 'error', message: 'a log line' }],
  [[{ level: 30, msg: 'a log line', pid: 9 }]],
  [{ type: 'event', id: 3 }],
])('%j is no dump of gdb', (value) => {
  expect(parsers.filter((parser) => parser.accepts(value))).toEqual([]);
});

test('no JSON makes them throw', () => {
  const key = fc.constantFrom(
    'type',
    'message',
    'payload',
    'stack',
    'level',
    'addr',
    'body',
    'stackFrames',
    'threads',
    'id',
    'name',
    'command',
    'args',
  );
  const scalar = fc.oneof(
    fc.constantFrom('result', 'response', 'stackTrace', 'done', 'notify', null),
    fc.string(),
    fc.integer(),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      for (const parser of parsers) if (parser.accepts(value)) parser.parse({ source: 'dump.json', value, line: 1 });
    }),
  );
});
