import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { Sample } from './sample.ts';

const CASE = z
  .object({
    id: z.string(),
    captures: z.array(z.object({ tool: z.string() }).loose()),
    cause: z.string(),
    also_accept: z.array(z.string()).nullish(),
    healthy: z.boolean().nullish(),
  })
  .loose();

const RENDERER = z.object({ renderCase: z.custom<(one: unknown, options: { noisy: boolean }) => string>() });

/**
 * A corpus is a folder with `cases/*.json`, each the stacks and the established cause of a public thread, and `render.mjs`,
 * which prints such a case as the tool would have.
 */
export async function corpusSamples(folder: string, noisy: boolean): Promise<Sample[]> {
  const { renderCase } = RENDERER.parse(await import(pathToFileURL(resolve(folder, 'render.mjs')).href));
  const cases = join(folder, 'cases');
  return readdirSync(cases)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const one = CASE.parse(JSON.parse(readFileSync(join(cases, name), 'utf8')));
      const tools = new Set(one.captures.map(({ tool }) => tool));
      const [tool = 'none'] = tools;
      return {
        of: one.id,
        tool: tools.size > 1 ? 'several' : tool,
        cause: one.cause,
        accepts: [one.cause, ...(one.also_accept ?? [])],
        healthy: one.healthy ?? false,
        telling: true,
        inputs: [{ name: 'stdin', text: renderCase(one, { noisy }) }],
      };
    });
}
