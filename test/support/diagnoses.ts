import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CAUSES, type Cause } from '../../src/model/cause.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { makeFrame } from '../../src/model/frame.ts';
import { makeProcess } from '../../src/model/process.ts';
import { makeThread } from '../../src/model/thread.ts';
import { folders, ROOT } from './cases.ts';

/** fixtures/reports/<case>/diagnosis.json: a diagnosis of which only the known facts are written down. */
export const REPORT_CASES = folders(join(ROOT, 'fixtures/reports')).map((name) => ({
  name,
  folder: join(ROOT, 'fixtures/reports', name),
}));

export function readDiagnosis(folder: string): Diagnosis {
  return DIAGNOSIS.parse(JSON.parse(readFileSync(join(folder, 'diagnosis.json'), 'utf8')));
}

const isCause = (id: string): id is Cause => id in CAUSES;
const maybe = z
  .string()
  .optional()
  .transform((text) => text);
const number = z
  .int()
  .optional()
  .transform((value) => value);
const PLACE = z.object({ source: z.string(), line: z.int() });
const NOWHERE = { source: 'stdin', line: 1 };

const FRAME = z
  .strictObject({
    language: z.enum(['python', 'native', 'kernel']).default('python'),
    function: z.string(),
    file: z.string().optional(),
    line: z.int().optional(),
    module: z.string().optional(),
    inlined: z.boolean().optional(),
  })
  .transform((known) => makeFrame({ inlined: false, ...known, place: NOWHERE }));

const WAIT = z
  .strictObject({ kind: z.enum(['lock', 'condition', 'poll', 'read', 'accept', 'sleep', 'unknown']), says: z.string() })
  .transform((known) => ({ target: undefined, timeout: 'unknown' as const, frames: [0], ...known }));

const THREAD = z
  .strictObject({
    id: z.string(),
    nativeId: z.int().optional(),
    name: z.string().optional(),
    activity: z.enum(['idle', 'active']).optional(),
    gil: z.enum(['holds', 'waits', 'drops']).optional(),
    progress: z.enum(['stuck', 'moving', 'spinning']).optional(),
    view: z
      .strictObject({
        python: z.boolean(),
        native: z.boolean(),
        interpreter: z.boolean(),
        everyThread: z.boolean().default(false),
      })
      .optional(),
    wait: WAIT.optional(),
    role: z.enum(['blocker', 'victim', 'idle', 'working', 'waiting']).optional(),
    idleAs: z.string().optional(),
    userFrame: z.int().optional(),
    frames: z.array(FRAME).default([]),
    notes: z.array(z.string()).default([]),
    place: PLACE.default(NOWHERE),
  })
  .transform(({ view, ...known }) => makeThread(view === undefined ? known : { ...known, view }));

const PROCESS = z
  .strictObject({
    pid: z.int().optional(),
    command: z.string().optional(),
    pythonVersion: z.string().optional(),
    origin: z.string().optional(),
    threads: z.array(THREAD),
  })
  .transform((known) => makeProcess({ ...known, place: NOWHERE }));

const EVIDENCE = z.strictObject({
  pid: number,
  threadId: z.string(),
  threadName: maybe,
  note: z.string(),
  frames: z.array(z.strictObject({ index: z.int(), frame: FRAME, note: maybe })),
});

const HYPOTHESIS = z.strictObject({
  rule: z.string(),
  cause: z.string().refine(isCause),
  title: z.string(),
  summary: z.string(),
  explanation: z.string(),
  confidence: z.enum(['certain', 'likely', 'possible']),
  library: maybe,
  yourCode: maybe,
  evidence: z.array(EVIDENCE),
  remediation: z.array(
    z.strictObject({
      kind: z.enum(['now', 'fix', 'prevent', 'verify']),
      step: z.string(),
      command: z.string().optional(),
    }),
  ),
  references: z.array(z.strictObject({ title: z.string(), url: z.string(), establishes: z.string().optional() })),
  unseen: z.array(z.strictObject({ what: z.string(), command: maybe })).default([]),
  alsoMatches: z.array(z.string()).default([]),
});

const GRAPH = z.strictObject({
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(['thread', 'lock', 'gil', 'process']),
      label: z.string(),
      pid: number,
      threadId: maybe,
    }),
  ),
  edges: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      kind: z.enum(['wants', 'held-by', 'joins', 'awaits-child', 'awaits-peer', 'awaits-result']),
      inferred: z.boolean(),
      why: z.string(),
    }),
  ),
  cycles: z.array(z.array(z.string())),
  roots: z.array(z.strictObject({ nodes: z.array(z.string()), behind: z.int() })),
});

const DIAGNOSIS = z.strictObject({
  verdict: z.enum(['hang', 'suspect', 'healthy', 'unknown']),
  hypotheses: z.array(HYPOTHESIS).default([]),
  capture: z.strictObject({ processes: z.array(PROCESS), tools: z.array(z.string()), moments: z.int().default(1) }),
  waits: GRAPH.default({ nodes: [], edges: [], cycles: [], roots: [] }),
  warnings: z
    .array(z.strictObject({ code: z.string(), message: z.string(), hint: maybe, source: maybe, line: number }))
    .default([]),
});
