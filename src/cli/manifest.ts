import * as z from 'zod';
import type { Warning } from '../model/dump.ts';

/** Beside the dumps in an archive of `whyhung capture`. */
export const MANIFEST_NAME = 'whyhung-capture.json';

const MANIFEST = z.object({
  schema: z.literal('whyhung/capture/1'),
  whyhung: z.string(),
  takenAt: z.string(),
  host: z.string(),
  via: z.string().nullable(),
  pausedMilliseconds: z.number().nullable(),
  tools: z.record(z.string(), z.string()),
  processes: z.array(
    z.object({
      pid: z.number(),
      parentPid: z.number(),
      command: z.string(),
      executable: z.string().nullable(),
      state: z.string(),
    }),
  ),
  runs: z.array(
    z.object({
      pid: z.number(),
      tool: z.string(),
      moment: z.number(),
      command: z.string(),
      seconds: z.number(),
      dump: z.boolean(),
    }),
  ),
  warnings: z.array(
    z.object({ code: z.string(), message: z.string(), hint: z.string().nullable(), source: z.string().nullable() }),
  ),
});

export type Manifest = z.infer<typeof MANIFEST>;

/** What was amiss when an archive was made; `undefined` for any other file. */
export function readManifest(name: string, bytes: Uint8Array): readonly Warning[] | undefined {
  if (!name.endsWith(`/${MANIFEST_NAME}`)) return undefined;
  try {
    const { warnings } = MANIFEST.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return warnings.map(({ code, message, hint, source }) => ({
      code,
      message,
      hint: hint ?? undefined,
      source: source ?? undefined,
      line: undefined,
    }));
  } catch {
    return undefined;
  }
}
