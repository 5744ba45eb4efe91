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
const DUMPS =
  /^(?:pyspy|pyspy-native|pyspy-locals|pyspy-locals\.child2?|gdb|gdb-locks|py-bt|pyspy-subprocesses|gdb\.child|py-bt\.child|proc|proc\.child)\.txt$/;

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

/** Processes of a cycle, where the truth speaks of parent and child: each may take part with several threads. */
function processesOf({ waits }: Diagnosis): number {
  const pids = new Map(waits.nodes.map(({ id, kind, pid }) => [id, kind === 'thread' ? pid : undefined]));
  return new Set(waits.cycles.flat().flatMap((id) => pids.get(id) ?? [])).size;
}

const RELATIVES = /^(?:parent|child\d?)$/;

describe.each(CASES.filter(({ cycles }) => cycles.length > 0))('$name', (one) => {
  test('the cycle is found, with all its threads and no other', () => {
    const diagnosis = diagnoseAll(one);
    const found = cyclesOf(diagnosis);
    const [members = []] = one.cycles;
    expect(found).toHaveLength(1);
    // Native threads and children are named differently by the tools than by the truth: their number still tells.
    const areProcesses = members.every((member) => RELATIVES.test(member));
    expect(areProcesses ? processesOf(diagnosis) : found[0]?.length).toBe(members.length);
  });
});

describe.each(CASES.filter(({ cycles }) => cycles.length === 0))('$name', (one) => {
  test('no cycle is invented', () => {
    expect(cyclesOf(diagnoseAll(one))).toEqual([]);
  });
});
