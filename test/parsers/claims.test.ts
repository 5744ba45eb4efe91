import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PARSERS } from '../../src/generated/parsers.ts';
import { cleanLines } from '../../src/input/clean.ts';
import { readInput } from '../../src/input/read.ts';
import type { Claim, TextParser } from '../../src/parsers/parser.ts';
import { folders, ROOT } from '../support/cases.ts';
import { realDumps } from '../support/dumps.ts';

const TEXT_PARSERS = PARSERS.filter((parser) => parser.kind === 'text');

/** Dumps of the hangs, and the dump of each format's own cases. */
const DUMPS = [
  ...realDumps(/\.txt$/),
  ...folders(join(ROOT, 'fixtures/formats')).flatMap((format) =>
    folders(join(ROOT, 'fixtures/formats', format)).flatMap((name) => {
      const file = join(ROOT, 'fixtures/formats', format, name, 'dump.txt');
      return existsSync(file) ? [{ name: `${format}/${name}`, file, text: readFileSync(file, 'utf8') }] : [];
    }),
  ),
];

/** What the capture script's file names promise, without moment and child. */
const FORMATS: Readonly<Record<string, string>> = {
  pyspy: 'py-spy-text',
  'pyspy-native': 'py-spy-text',
  'pyspy-locals': 'py-spy-text',
  'pyspy-subprocesses': 'py-spy-text',
  gdb: 'gdb-text',
  'gdb-full': 'gdb-text',
  'py-bt': 'py-bt',
  'py-bt-full': 'gdb-text',
  'gdb-mi': 'gdb-mi',
  'gdb-dap': 'gdb-dap-log',
  'gdb-dap-log': 'gdb-dap-log',
  faulthandler: 'faulthandler',
  pystack: 'pystack',
  'pystack-native': 'pystack',
  'pystack-locals': 'pystack',
  'eu-stack': 'eu-stack',
  proc: 'proc',
};

test('no line is claimed for certain by two parsers', () => {
  const twice: string[] = [];
  for (const { name, text } of DUMPS) {
    const lines = cleanLines(text);
    lines.forEach((line, at) => {
      if (line.text === '') return;
      const claims = TEXT_PARSERS.filter((parser) => parser.opens(lines, at) === 'certain');
      if (claims.length > 1) twice.push(`${name}:${line.number} ${claims.map(({ format }) => format).join(', ')}`);
    });
  }
  expect(twice).toEqual([]);
}, 120_000);

test('no parser claims a line that its patterns do not announce', () => {
  const missed: string[] = [];
  for (const { name, text } of DUMPS) {
    const lines = cleanLines(text);
    lines.forEach((line, at) => {
      if (line.text === '') return;
      for (const parser of TEXT_PARSERS) {
        const claim = parser.opens(lines, at);
        if (claim !== 'no' && !announces(parser, claim, line.text))
          missed.push(`${parser.format}, ${claim}: ${name}:${line.number}`);
      }
    });
  }
  expect(missed).toEqual([]);
}, 120_000);

function announces({ begins, holds, mayBegin }: TextParser, claim: Claim, text: string): boolean {
  const starts = (pattern: RegExp): boolean => new RegExp(`^\\s*(?:${pattern.source})`).test(text);
  return (
    starts(begins) || holds?.test(text) === true || (claim === 'likely' && mayBegin !== undefined && starts(mayBegin))
  );
}

describe('real dumps are read by the parser of their tool, and by no other', () => {
  test.each(Object.entries(FORMATS))('%s.txt: %s', (file, format) => {
    const dumps = realDumps(new RegExp(`^${file}(?:\\.child\\d?)?(?:\\.\\d)?\\.txt$`));
    expect(dumps.length).toBeGreaterThan(0);
    for (const { name, text } of dumps) {
      const formats = new Set(readInput({ name, text }, PARSERS).dumps.map((dump) => dump.format));
      // A tool that failed leaves its error instead of a dump.
      expect(
        [...formats].filter((one) => one !== format),
        name,
      ).toEqual([]);
    }
  });

  test.each([
    ['pyspy.json', 'py-spy-json'],
    ['pygdbmi.json', 'pygdbmi'],
    ['gdb-dap.json', 'gdb-dap'],
  ])('%s: %s', (file, format) => {
    const dumps = realDumps(new RegExp(`^${file.replace('.', '\\.')}$`));
    expect(dumps.length).toBeGreaterThan(0);
    for (const { name, text } of dumps) {
      expect(
        readInput({ name, text }, PARSERS).dumps.map((dump) => dump.format),
        name,
      ).toEqual([format]);
    }
  });
});

test('every parser has a fixture of its own', () => {
  const present = new Set([...readdirSync(join(ROOT, 'fixtures/formats')), 'py-spy-text', 'py-spy-json']);
  expect(PARSERS.map(({ format }) => format).filter((format) => !present.has(format))).toEqual([]);
});
