import { describe, expect, test } from 'vitest';
import { RULES } from '../src/generated/rules.ts';
import { parseSignature } from '../src/signatures/parse.ts';

describe.each(RULES)('rule $id', (rule) => {
  test('has signatures that can be read, and notes on steps that are in them', () => {
    const steps = new Set(rule.signatures.flatMap(({ find }) => parseSignature(find).steps.map(({ text }) => text)));
    const noted = rule.signatures.flatMap(({ notes }) => Object.keys(notes ?? {}));
    expect(noted.filter((step) => !steps.has(step))).toEqual([]);
  });

  test('is told in plain sentences', () => {
    expect(rule.id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)+$/);
    expect(rule.title).toMatch(/^[a-z\d].*[^.]$/);
    for (const text of [rule.summary, rule.explanation]) expect(text).toMatch(/^[A-Z].*\.$/s);
  });

  test('says what to do now, how to mend it, how to prevent it and how to tell', () => {
    expect(new Set(rule.remediation.map(({ kind }) => kind))).toEqual(new Set(['now', 'fix', 'prevent', 'verify']));
  });

  test('names its look-alikes and at least one source, with what that establishes', () => {
    expect(rule.notWhen.length).toBeGreaterThan(0);
    expect(rule.references.filter(({ establishes }) => establishes !== undefined).length).toBeGreaterThan(0);
  });
});

test('ids are unique', () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
});
