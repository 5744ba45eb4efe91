import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Diagnosis, diagnose } from '../../src/index.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const EXPECTATION = z.object({
  dumps: z.array(z.string()).min(1),
  /** "likely: zmq-context-finalized": the first hypothesis. */
  first: z.string().optional(),
  verdict: z.enum(['hang', 'suspect', 'healthy', 'unknown']).optional(),
  /** Of dumps that do not tell the cause: why not, and how the command begins that the report must ask for then. */
  cannotShow: z.object({ because: z.string().min(1), next: z.string().min(1) }).optional(),
});

const CASE = z.object({
  title: z.string(),
  truth: z
    .object({
      cause: z.string(),
      /** Families that a fair judge takes as well, where a hang has two sides. */
      alsoAccept: z.array(z.string()).default([]),
      verdict: z.enum(['hang', 'suspect', 'healthy', 'unknown']),
      says: z.string(),
    })
    .loose(),
  expect: z.array(EXPECTATION),
  /** Ids of rules that this case resembles, and that must stay silent on all its dumps. */
  nearMissOf: z.array(z.string()).default([]),
});

export interface HangCase extends z.infer<typeof CASE> {
  /** "zmq/context-finalized-at-exit" */
  readonly name: string;
  readonly folder: string;
}

/** All cases of the lab: folders two levels below fixtures/hangs that hold a case.json. */
export function hangCases(): HangCase[] {
  const root = join(ROOT, 'fixtures/hangs');
  return folders(root).flatMap((subject) =>
    folders(join(root, subject)).flatMap((name) => {
      const folder = join(root, subject, name);
      const file = join(folder, 'case.json');
      if (!existsSync(file)) return [];
      return [{ ...CASE.parse(JSON.parse(readFileSync(file, 'utf8'))), name: `${subject}/${name}`, folder }];
    }),
  );
}

export function folders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export function diagnoseFiles(folder: string, names: readonly string[]): Diagnosis {
  return diagnose(names.map((name) => ({ name, bytes: readFileSync(join(folder, name)) })));
}

/** "certain: zmq-context-finalized", or the verdict where there is no hypothesis. */
export function firstOf({ hypotheses, verdict }: Diagnosis): string {
  const [first] = hypotheses;
  return first === undefined ? verdict : `${first.confidence}: ${first.rule}`;
}
