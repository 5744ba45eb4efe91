import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeProcess } from '../../src/model/process.ts';
import json from '../../src/reporters/json/index.ts';
import { REPORT } from '../../src/reporters/json/report-schema.ts';
import { diagnoseFiles, hangCases, ROOT } from '../support/cases.ts';
import { REPORT_CASES, readDiagnosis } from '../support/diagnoses.ts';
import { HOSTILE } from '../support/hostile-text.ts';

const OPTIONS = { color: false, width: 80, unicode: true, verbose: false };

test.each(REPORT_CASES)('$name fits the published schema', ({ folder }) => {
  const report: unknown = JSON.parse(json.render(readDiagnosis(folder), OPTIONS));
  expect(REPORT.safeParse(report).error).toBeUndefined();
});

describe.each(hangCases())('$name', ({ folder, expect: expectations }) => {
  test.each(expectations)('$dumps fit the published schema', ({ dumps }) => {
    const report: unknown = JSON.parse(json.render(diagnoseFiles(join(folder, 'dumps'), dumps), OPTIONS));
    expect(REPORT.safeParse(report).error).toBeUndefined();
  });
});

test('the schema that is published is the one that is checked here', () => {
  const published = readFileSync(join(ROOT, 'schema/report-1.json'), 'utf8');
  expect(published).toContain('"const": "whyhung/report/1"');
});

test('keeps the text as it is, but shows a terminal nothing that it would obey', () => {
  const [healthy] = REPORT_CASES;
  if (healthy === undefined) throw new Error('no case');
  const diagnosis = readDiagnosis(healthy.folder);
  fc.assert(
    fc.property(HOSTILE, (origin) => {
      const process = makeProcess({ origin, threads: [], place: { source: 'stdin', line: 1 } });
      const text = json.render({ ...diagnosis, capture: { ...diagnosis.capture, processes: [process] } }, OPTIONS);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
      expect(REPORT.parse(JSON.parse(text)).processes[0]?.origin).toBe(origin);
    }),
  );
});
