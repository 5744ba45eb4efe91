import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Diagnosis } from '../../src/index.ts';
import { diagnoseFiles, type HangCase, hangCases } from '../support/cases.ts';

/** Real processes whose waits are known, because their programs are. */
const TRUTH = z.object({ truth: z.object({ cycles: z.array(z.array(z.string())).optional() }) });

const CASES = hangCases().flatMap((one) => {
  const { truth } = TRUTH.parse(JSON.parse(readFileSync(join(one.folder, 'case.json'), 'utf8')));
  return truth.cycles === undefined ? [] : [{ ...one, cycles: truth.cycles }];
});

/** All dumps of the first moment that one person would take: py-spy with locals, gdb, py-bt, children too. */
const DUMPS = /^(?:pyspy|pyspy-native|pyspy-locals|gdb|py-bt|pyspy-subprocesses|gdb\.child|py-bt\.child)\.txt$/;

function diagnoseAll({ folder }: HangCase): Diagnosis {
  const dumps = join(folder, 'dumps');
  return diagnoseFiles(dumps, existsSync(dumps) ? readdirSync(dumps).filter((name) => DUMPS.test(name)) : []);
}

/** Names of the threads in each cycle, sorted; the kernel's name where Python gave none. */
function cyclesOf({ waits }: Diagnosis): string[][] {
  const names = new Map(
    waits.nodes.flatMap(({ id, kind, label }) =>
      kind === 'thread' ? [[id, label.replace(/ \(\d+\)$/, '')] as const] : [],
    ),
  );
  return waits.cycles.map((cycle) => cycle.flatMap((id) => names.get(id) ?? []).sort());
}

/** What the graph finds in its dumps; the others are hangs without a cycle, or cycles that no dump shows. */
const FOUND = [
  'gil/gil-vs-native-mutex',
  'gil/gil-vs-native-mutex-callback-py38',
  'gil/gil-vs-native-mutex-py313',
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
  'locks/three-thread-cycle',
  'locks/two-thread-abba',
  'locks/two-thread-abba-free-threaded',
  'processes/child-waits-for-stdin',
  'processes/pipe-full-both-ways',
  'processes/pipe-full-parent-wait',
];

describe.each(CASES.filter(({ name }) => FOUND.includes(name)))('$name', (one) => {
  test('the cycle is found, with all its threads and no other', () => {
    const cycles = cyclesOf(diagnoseAll(one));
    expect(cycles).toHaveLength(1);
    // Native threads and children are named differently by the tools than by the truth: their number still tells.
    expect(cycles[0]).toHaveLength(one.cycles[0]?.length ?? 0);
  });
});

describe.each(CASES.filter(({ cycles }) => cycles.length === 0))('$name', (one) => {
  test('no cycle is invented', () => {
    expect(cyclesOf(diagnoseAll(one))).toEqual([]);
  });
});

test('every case of the list is there', () => {
  expect(FOUND.filter((name) => !CASES.some((one) => one.name === name))).toEqual([]);
});
