import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Program, startProgram } from '../../scripts/capture/program.ts';
import { type Recipe, recipeOf } from '../../scripts/capture/recipe.ts';
import { hangCases } from '../support/cases.ts';
import { attach, explainSkip, isOfCase, missingForLive, pythonFor, stateOf, tracerOf } from '../support/live.ts';

/** Hangs that need no more than the standard library, or what .ci/run installs. */
const CASES = [
  'asyncio/blocking-call-in-loop',
  'asyncio/blocking-request-in-loop',
  'asyncio/loop-waits-own-future',
  'gil/gil-vs-native-mutex',
  'gil/gil-vs-native-mutex-py313',
  'imports/import-lock-executor-py313',
  'imports/import-lock-thread',
  'locks/abba-with-43-victims',
  'locks/c-mutex-abba',
  'locks/c-mutex-self-deadlock',
  'locks/logging-handler-reentry',
  'locks/rlock-abba',
  'locks/self-deadlock',
  'locks/self-deadlock-del',
  'locks/self-deadlock-del-py310',
  'locks/self-deadlock-signal-handler',
  'locks/two-thread-abba',
  'network/connect-no-timeout',
  'network/requests-no-timeout',
  'network/ssl-handshake-silent-peer',
  'processes/breakpoint-left-in-code',
  'threads/executor-nested-submit',
  'threads/executor-shutdown-at-exit',
  'threads/executor-shutdown-at-exit-py313',
  'threads/executor-shutdown-at-exit-py38',
  'threads/exit-waits-nondaemon-thread',
  'threads/exit-waits-nondaemon-thread-py313',
  'zmq/context-finalized-by-collector-pyzmq27',
  'zmq/context-finalized-by-refcount',
  'zmq/term-in-exit-handler',
  'zmq/term-with-lingering-message',
  'zmq/term-with-open-socket',
];

/** Hangs of several processes, attached to by their first. */
const FAMILIES = [
  'processes/file-lock-two-processes',
  'processes/fork-with-held-lock',
  'processes/queue-join-before-drain',
];

/** What is attached with, and the dumps of the lab that show as much. */
const WAYS = [
  { tools: ['--tools', 'py-spy,proc'], dumps: ['pyspy.txt'] },
  { tools: ['--tools', 'gdb,proc'], dumps: ['gdb.txt'] },
  { tools: [], dumps: ['pyspy.txt', 'gdb.txt'] },
] as const;

/** Where the lab has it, too. */
const PYSTACK = { tools: ['--tools', 'pystack,proc'], dumps: ['pystack-native.txt'] } as const;

const missing = missingForLive('py-spy', 'gdb');
explainSkip('live hangs', missing);

const lab = hangCases();
const known = lab.filter(({ name }) => CASES.includes(name));
const families = lab.filter(({ name }) => FAMILIES.includes(name));

test('every case is in the lab', () => {
  expect([...known, ...families].map(({ name }) => name).sort()).toEqual([...CASES, ...FAMILIES].sort());
});

describe.skipIf(missing !== undefined).concurrent('attached to while it hangs', () => {
  test.each(known)('$name', { timeout: 180_000 }, async ({ name, truth, expect: expected }) => {
    const recipe = await recipeOf(name);
    const program = await startHung(recipe);
    try {
      const hasPystack = expected.some(({ dumps }) => dumps.join() === PYSTACK.dumps.join());
      // Another Python than the case names shows the same hang in frames that another rule may know better.
      const isSame = isOfCase(recipe);
      for (const { tools, dumps: shown } of hasPystack && isSame ? [...WAYS, PYSTACK] : WAYS) {
        const { report } = await attach(program.pid, ...tools);
        const [first] = report.hypotheses;
        const said = expected.find(({ dumps }) => dumps.join() === shown.join())?.first;
        const context = `${name} with ${tools[1] ?? 'all tools'}`;
        const asInLab = said !== undefined && isSame && first?.rule === said.replace(/^\w+: /, '');
        // What attaching sees besides may tell more than the lab's dumps do.
        if (said !== undefined && !asInLab) expect(first?.cause, context).toBe(truth.cause);
        // Where the lab's dumps do not tell, silence is right, or what is true.
        if (said === undefined)
          expect([undefined, 'possible', truth.cause], context).toContain(
            first?.confidence === 'possible' ? 'possible' : first?.cause,
          );
        program.mustBeAlive('while it was attached to');
        expect({ state: await stateOf(program.pid), tracer: await tracerOf(program.pid) }, context).toEqual({
          state: expect.stringMatching(/^[SR]$/),
          tracer: 0,
        });
      }
    } finally {
      await program.stop();
      await rm(recipe.app, { recursive: true, force: true });
    }
  });

  test.each(families)('$name with its children', { timeout: 180_000 }, async ({ name, expect: expected }) => {
    const recipe = await recipeOf(name);
    const program = await startHung(recipe);
    try {
      const { report } = await attach(program.pid, '--subprocesses');
      const said = expected.findLast(({ dumps }) => dumps.includes('pyspy-subprocesses.txt'))?.first;
      expect(report.processes.length).toBeGreaterThan(1);
      expect(report.hypotheses[0]?.rule, name).toBe(said?.replace(/^\w+: /, ''));
      for (const { pid } of report.processes)
        expect(pid === null ? 'S' : await stateOf(pid), `${name}: process ${pid}`).toMatch(/^[SR]$/);
    } finally {
      await program.stop();
      await rm(recipe.app, { recursive: true, force: true });
    }
  });
});

/** Some hangs are races, which a busy machine can make go well. */
async function startHung(recipe: Recipe): Promise<Program> {
  for (let attempt = 1; ; attempt += 1) {
    const program = await startProgram(recipe, pythonFor(recipe), undefined);
    try {
      await program.settle();
      return program;
    } catch (error) {
      await program.stop();
      if (attempt === 3) throw error;
    }
  }
}
