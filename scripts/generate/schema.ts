import * as z from 'zod';
import { REPORT } from '../../src/reporters/json/report-schema.ts';

/** The published JSON Schema of `--format json`. Readers must take fields that a later minor version adds. */
export function makeSchema(): string {
  const schema = z.toJSONSchema(REPORT, { target: 'draft-2020-12', io: 'input' });
  return `${JSON.stringify({ $id: 'urn:whyhung:report:1', title: 'whyhung report', ...schema }, undefined, 2)}\n`;
}
