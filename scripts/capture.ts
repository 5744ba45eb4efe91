import { rm } from 'node:fs/promises';
import { captureMoment, describeOutcome, isSignalled, momentsOf, type Outcome, type Target } from './capture/dumps.ts';
import { prepareFaulthandler, preparePython, prepareTools } from './capture/interpreters.ts';
import { pause } from './capture/pause.ts';
import { startProgram } from './capture/program.ts';
import { recipeOf } from './capture/recipe.ts';
import { makeScrub } from './capture/scrub.ts';

const names = process.argv.slice(2);
if (names.length === 0) {
  console.error('usage: npx tsx scripts/capture.ts <subject>/<case>…');
  process.exit(2);
}

let failed = false;
for (const name of names) {
  try {
    const outcomes = await captureCase(name.replace(/^.*fixtures\/hangs\/|\/$/g, ''));
    console.log(`${name}: ${outcomes.map(describeOutcome).join(', ')}`);
    failed ||= outcomes.some(({ written }) => !written);
  } catch (error) {
    console.log(`${name}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);

async function captureCase(name: string): Promise<Outcome[]> {
  const recipe = await recipeOf(name);
  const tools = await prepareTools();
  const python = await preparePython(recipe);
  const scrub = makeScrub(recipe, python, tools);
  const faulthandler = recipe.capture.some((file) => file.startsWith('faulthandler'))
    ? await prepareFaulthandler()
    : undefined;

  const program = await startProgram(recipe, python, faulthandler);
  const target: Target = { pid: program.pid, python, tools, scrub, faulthandler, folder: recipe.dumps };
  const outcomes: Outcome[] = [];
  try {
    await program.settle();
    for (const [index, files] of momentsOf(recipe.capture).entries()) {
      if (index > 0) await pause(recipe.interval);
      for (const file of files) {
        outcomes.push(await captureMoment(file, target));
        if (!isSignalled(file)) program.mustBeAlive(`after ${file}`);
      }
    }
  } finally {
    await program.stop();
    await rm(recipe.app, { recursive: true, force: true });
    if (faulthandler !== undefined) await rm(faulthandler.folder, { recursive: true, force: true });
  }
  return outcomes;
}
