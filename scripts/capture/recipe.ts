import { cp, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const CACHE = join(REPOSITORY, '.cache/capture');

const recipeSchema = z.object({
  title: z.string(),
  /** A version prefix ("3.11"), or the path of an interpreter that brings its own packages ("/usr/bin/python3"). */
  python: z.string(),
  /** Given to pip as they are, so an option such as "--no-binary=pyzmq" is allowed. */
  packages: z.array(z.string()).default([]),
  /** For building packages only; the program does not see it. */
  buildEnvironment: z.record(z.string(), z.string()).default({}),
  program: z.string(),
  arguments: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  stdin: z.enum(['null', 'pipe']).default('null'),
  settle: z.number().default(4),
  interval: z.number().default(4),
  capture: z.array(z.string()),
});

export interface Recipe extends z.infer<typeof recipeSchema> {
  readonly name: string;
  /** The copy that runs, so that a program may build or write beside itself and leave nothing in the repository. */
  readonly app: string;
  readonly dumps: string;
}

export async function recipeOf(name: string): Promise<Recipe> {
  const folder = join(REPOSITORY, 'fixtures/hangs', name);
  const recipe = recipeSchema.parse(JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')));
  const app = join(CACHE, 'app', name.replaceAll('/', '--'));
  const isShared = recipe.program.startsWith('..');
  const program = join(app, isShared ? basename(recipe.program) : recipe.program);
  const dumps = join(folder, 'dumps');

  await mkdir(app, { recursive: true });
  await mkdir(dumps, { recursive: true });
  await cp(folder, app, { recursive: true, filter: (path) => !path.startsWith(dumps) });
  if (isShared) await cp(join(folder, recipe.program), program);
  return { ...recipe, name, app, dumps, program };
}
