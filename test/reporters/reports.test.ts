import { join } from 'node:path';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { REPORTERS } from '../../src/generated/reporters.ts';
import type { RenderOptions } from '../../src/reporters/reporter.ts';
import { render } from '../../src/reporters/text/index.ts';
import { deepFreeze } from '../support/deep-freeze.ts';
import { REPORT_CASES, readDiagnosis } from '../support/diagnoses.ts';

const PLAIN: RenderOptions = { color: false, width: 80, unicode: true, verbose: false };

describe.each(REPORT_CASES)('$name', ({ folder }) => {
  const diagnosis = deepFreeze(readDiagnosis(folder));

  test.each(REPORTERS)('as $format', async ({ render: renderAs, extension }) => {
    const report = renderAs(diagnosis, PLAIN);
    expect(report.endsWith('\n')).toBe(true);
    await expect(report).toMatchFileSnapshot(join(folder, `report.${extension}`));
  });

  test.each(['narrow', 'verbose'])('as text, %s', async (form) => {
    const options = form === 'narrow' ? { ...PLAIN, width: 40 } : { ...PLAIN, width: 120, verbose: true };
    await expect(render(diagnosis, options)).toMatchFileSnapshot(join(folder, `report.${form}.txt`));
  });

  test('says the same with colour as without', () => {
    const colored = render(diagnosis, { ...PLAIN, color: true });
    expect(colored.replace(SGR, '')).toBe(render(diagnosis, PLAIN));
  });

  test('has no sign that a terminal without Unicode cannot show', () => {
    expect(render(diagnosis, { ...PLAIN, unicode: false })).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test.each([40, 60, 80, 120, 200])('fits %d columns, but for commands', (width) => {
    const commands = diagnosis.hypotheses.flatMap(({ remediation, unseen }) =>
      [...remediation, ...unseen].map(({ command }) => command),
    );
    const wide = render(diagnosis, { ...PLAIN, width })
      .split('\n')
      .filter(
        (line) => stringWidth(line) > width && !commands.includes(line.trim()) && !line.trim().startsWith('gdb -p'),
      );
    expect(wide).toEqual([]);
  });

  test('tells the first hypothesis in forty lines', () => {
    const alone = { ...diagnosis, hypotheses: diagnosis.hypotheses.slice(0, 1), warnings: [] };
    expect(render(alone, PLAIN).split('\n').length - 1).toBeLessThanOrEqual(40);
  });
});

/** What colours a text, and nothing else. */
const SGR = /\x1b\[\d+m/g;
