import { describe, expect, test } from 'vitest';
import { closestTo } from '../../src/cli/closest.ts';
import { RULES } from '../../src/generated/rules.ts';
import { runProgram } from '../support/run-program.ts';

test('lists all rules, grouped by cause', async () => {
  const { code, stdout } = await runProgram(['rules']);
  for (const { id } of RULES) expect(stdout).toContain(id);
  expect(stdout).toMatch(/^[a-z-]+: /);
  expect(stdout).toContain(`${RULES.length} rules`);
  expect(code).toBe(0);
});

test.each(RULES)('shows the page of $id', async ({ id, title, references }) => {
  const { code, stdout } = await runProgram(['rules', id], { columns: 1000 });
  expect(stdout.startsWith(`${id}\n${title.slice(0, 40)}`)).toBe(true);
  for (const { url } of references) expect(stdout).toContain(url);
  expect(stdout).toMatch(/What it means[\s\S]*What to do/);
  expect(code).toBe(0);
});

test('an unknown rule is refused, and the closest one named', async () => {
  const { code, stdout, stderr } = await runProgram(['rules', 'zmq-context-finalised']);
  expect(stderr).toBe(
    'rules "zmq-context-finalised": no such rule\n  Did you mean zmq-context-finalized? See them all with: whyhung rules\n',
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

describe('closestTo', () => {
  const known = ['lock-order-cycle', 'self-deadlock', 'zmq-context-finalized', 'zmq-context-term-waits'];
  test.each([
    ['lock-order', ['lock-order-cycle']],
    ['self-deadlok', ['self-deadlock']],
    ['ZMQ-context', ['zmq-context-finalized', 'zmq-context-term-waits']],
    ['something else altogether', []],
    ['', []],
  ])('%j means %j', (typed, expected) => {
    expect(closestTo(typed, known)).toEqual(expected);
  });
});
