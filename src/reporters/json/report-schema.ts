import * as z from 'zod';
import { CAUSES, type Cause } from '../../model/cause.ts';

const FRAME = z.object({
  index: z.int().describe('0 is the innermost frame of the thread'),
  function: z.string().describe('empty where the tool knows no name'),
  file: z.string().nullable(),
  line: z.int().nullable(),
  module: z.string().nullable().describe('shared library or executable'),
  lang: z.enum(['python', 'native', 'kernel']),
});

const EVIDENCE = z.object({
  process: z.int().nullable().describe('process id'),
  thread: z.string().describe("the thread's id as the tool printed it"),
  threadName: z.string().nullable(),
  note: z.string(),
  frames: z.array(FRAME.extend({ note: z.string().nullable() })).describe('innermost first'),
});

const HYPOTHESIS = z.object({
  rule: z.string(),
  cause: z.enum(causeIds()),
  title: z.string(),
  summary: z.string(),
  explanation: z.string(),
  confidence: z.enum(['certain', 'likely', 'possible']),
  library: z.string().nullable(),
  evidence: z.array(EVIDENCE),
  unseen: z
    .array(z.object({ what: z.string(), command: z.string().nullable() }))
    .describe('what the dump could not show'),
  alsoMatches: z.array(z.string()).describe('rules that explain the same threads less well'),
  remediation: z.array(
    z.object({ kind: z.enum(['now', 'fix', 'prevent', 'verify']), step: z.string(), command: z.string().nullable() }),
  ),
  references: z.array(z.object({ title: z.string(), url: z.string(), establishes: z.string().nullable() })),
});

const PLACE = z.object({ source: z.string(), line: z.int() }).describe('where in the input it stands');

const WAIT = z.object({
  kind: z.string(),
  target: z.string().nullable(),
  timeout: z.enum(['none', 'some', 'unknown']),
  frames: z.array(z.int()).describe('indices into the frames'),
  says: z.string(),
});

const THREAD = z.object({
  id: z.string(),
  nativeId: z.int().nullable(),
  pthreadId: z.string().nullable(),
  name: z.string().nullable(),
  activity: z.enum(['idle', 'active']).nullable(),
  gil: z.enum(['holds', 'waits', 'drops']).nullable(),
  collecting: z.boolean(),
  progress: z.enum(['stuck', 'moving', 'spinning']).nullable(),
  truncated: z.boolean(),
  wait: WAIT.nullable(),
  frames: z.array(FRAME).describe('innermost first'),
  unplaced: z.array(FRAME).describe('the native stack where it could not be woven into the Python one'),
  notes: z.array(z.string()),
  place: PLACE,
});

const PROCESS = z.object({
  pid: z.int().nullable(),
  parentPid: z.int().nullable(),
  command: z.string().nullable().describe('secrets masked'),
  pythonVersion: z.string().nullable(),
  executable: z.string().nullable(),
  origin: z.string().nullable().describe('host, pod or rank'),
  threads: z.array(THREAD),
  place: PLACE,
});

const WAITS = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['thread', 'lock', 'gil', 'process']),
      label: z.string(),
      process: z.int().nullable(),
      thread: z.string().nullable(),
    }),
  ),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      kind: z.enum(['wants', 'held-by', 'joins', 'awaits-child', 'awaits-peer', 'awaits-result']),
      inferred: z.boolean().describe('concluded, not read'),
      why: z.string(),
    }),
  ),
  cycles: z.array(z.array(z.string())).describe('ids of nodes'),
  roots: z
    .array(z.object({ nodes: z.array(z.string()), behind: z.int() }))
    .describe('what others wait for without waiting for anybody here, most waited for first'),
});

/** The published shape of `--format json`. Fields may be added within a major version, never changed or taken away. */
export const REPORT = z
  .object({
    schema: z.literal('whyhung/report/1'),
    verdict: z.enum(['hang', 'suspect', 'healthy', 'unknown']),
    hypotheses: z.array(HYPOTHESIS).describe('best first'),
    tools: z.array(z.string()),
    moments: z.int(),
    processes: z.array(PROCESS),
    waits: WAITS,
    warnings: z.array(
      z.object({
        code: z.string(),
        message: z.string(),
        hint: z.string().nullable(),
        source: z.string().nullable(),
        line: z.int().nullable(),
      }),
    ),
  })
  .describe('Why a Python process hangs');

export type Report = z.infer<typeof REPORT>;

/** `Object.keys` with the keys' type kept, which the enum of the schema needs. */
function causeIds(): Cause[] {
  const isCause = (id: string): id is Cause => id in CAUSES;
  return Object.keys(CAUSES).filter(isCause);
}
