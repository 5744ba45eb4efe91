import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RULES } from '../src/generated/rules.ts';
import { render } from '../src/reporters/text/index.ts';
import { diagnoseFiles, firstOf, hangCases } from './support/cases.ts';

const CASES = hangCases();
/** So wide that no command is broken. */
const WIDE = { color: false, width: 500, unicode: true, verbose: false };

describe.each(CASES)('$name', ({ folder, expect: expectations, truth, nearMissOf }) => {
  const dumps = join(folder, 'dumps');

  // A healthy process may stand where a hung one does: then no more than a possibility may be said.
  test('says what its truth says, or says nothing', () => {
    expect(expectations.length, 'a case without expectations tests nothing').toBeGreaterThan(0);
    if (truth.verdict === 'healthy' || truth.verdict === 'unknown') {
      for (const { verdict, first } of expectations)
        expect(first ?? verdict).toMatch(/^(?:healthy|unknown|possible: .*|\w+: .*idle.*)$/);
    }
  });

  test.each(expectations)('$dumps: $first$verdict', ({ dumps: names, first, verdict }) => {
    const diagnosis = diagnoseFiles(dumps, names);
    if (first !== undefined) expect(firstOf(diagnosis)).toBe(first);
    if (verdict !== undefined) expect(diagnosis.verdict).toBe(verdict);
  });

  if (truth.verdict === 'hang') {
    test.each(expectations)('$dumps: names the cause, or what would show it', ({ dumps: names, cannotShow }) => {
      const diagnosis = diagnoseFiles(dumps, names);
      const [said] = diagnosis.hypotheses;
      const isRight = said !== undefined && [truth.cause, ...truth.alsoAccept].includes(said.cause);
      expect(isRight, 'right first, unless case.json says why these dumps cannot show the cause').toBe(
        cannotShow === undefined,
      );
      if (cannotShow === undefined) return;
      expect(said?.confidence ?? 'possible').toBe('possible');
      expect(render(diagnosis, WIDE)).toContain(cannotShow.next);
    });
  }

  if (nearMissOf.length > 0) {
    test(`is no ${nearMissOf.join(', ')}`, () => {
      for (const { dumps: names } of expectations) {
        const said = diagnoseFiles(dumps, names).hypotheses.map(({ rule }) => rule);
        expect(said.filter((rule) => nearMissOf.includes(rule))).toEqual([]);
      }
    });
  }

  test('reads as report.txt does', async () => {
    const diagnosis = diagnoseFiles(dumps, expectations.at(-1)?.dumps ?? []);
    const report = render(diagnosis, { ...WIDE, width: 100 });
    await expect(report).toMatchFileSnapshot(join(folder, 'report.txt'));
  });

  test('names only dumps that are there, and has its notes', () => {
    const present = new Set(existsSync(dumps) ? readdirSync(dumps) : []);
    for (const name of expectations.flatMap((one) => one.dumps)) expect(present).toContain(name);
    expect(existsSync(join(folder, 'NOTES.md'))).toBe(true);
  });
});

describe.each(RULES)('rule $id', ({ id }) => {
  test('fires on at least one case', () => {
    expect(CASES.some(({ expect: expectations }) => expectations.some(({ first }) => first?.endsWith(`: ${id}`)))).toBe(
      true,
    );
  });

  test('stays silent on at least one near miss', () => {
    expect(CASES.some(({ nearMissOf }) => nearMissOf.includes(id))).toBe(true);
  });
});
