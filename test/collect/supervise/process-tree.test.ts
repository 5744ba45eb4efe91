import { describe, expect, test } from 'vitest';
import { parseForeground, parseStat } from '../../../src/collect/supervise/proc-stat.ts';
import { type ProcessEntry, parsePsLine } from '../../../src/collect/supervise/process-table.ts';
import { followTree } from '../../../src/collect/supervise/process-tree.ts';

const SHELL = { groupId: 50, sessionId: 40 };

function entry(pid: number, parentPid: number, rest: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, parentPid, state: 'S', startTime: `${pid}`, cpuSeconds: 0, name: `p${pid}`, ...SHELL, ...rest };
}

/** This program, in the group and session that it shares with the command and with others. */
const OWN = entry(process.pid, 40);
const NEIGHBOUR = entry(90, 40);

function tree(environments: Readonly<Record<number, string>> = {}) {
  let table: readonly ProcessEntry[] = [];
  const read: number[] = [];
  const { look } = followTree({
    rootPid: 100,
    marker: 'MARK',
    readTable: () => [OWN, NEIGHBOUR, ...table],
    readEnvironment: (pid) => {
      read.push(pid);
      return environments[pid];
    },
  });
  return {
    read,
    at: (...entries: readonly ProcessEntry[]) => {
      table = entries;
      return look().map(({ pid }) => pid);
    },
  };
}

describe('a process tree', () => {
  test('holds children and their children, parents first', () => {
    expect(tree().at(entry(102, 101), entry(101, 100), entry(100, process.pid), entry(200, 1))).toEqual([
      100, 101, 102,
    ]);
  });

  test('keeps whom it saw when parents end', () => {
    const { at } = tree();
    at(entry(100, process.pid), entry(101, 100), entry(102, 101));
    expect(at(entry(102, 1))).toEqual([102]);
  });

  test.each([
    ['a session', { groupId: 101, sessionId: 101 }],
    ['a group', { groupId: 101 }],
  ])('finds a daemon by %s that a member made', (_what, family) => {
    const { at } = tree();
    at(entry(100, process.pid), entry(101, 100, family));
    expect(at(entry(101, 1, family), entry(103, 1, family))).toEqual([101, 103]);
  });

  test('finds a daemon by its mark, also when none of its ancestors was ever seen', () => {
    const { at } = tree({ 300: 'PATH=/bin\0MARK=1\0', 301: 'NOMARK=1\0XMARK=1\0' });
    expect(at(entry(300, 1, { groupId: 300, sessionId: 300 }), entry(301, 1))).toEqual([300]);
  });

  test("leaves this program's group and session alone, which others share", () => {
    expect(tree().at(entry(100, process.pid))).toEqual([100]);
  });

  test('does not take another process for one that had its number before', () => {
    const { at } = tree();
    at(entry(100, process.pid), entry(101, 100));
    expect(at(entry(101, 1, { startTime: 'later' }))).toEqual([]);
  });

  test('reads an environment once', () => {
    const { at, read } = tree();
    at(entry(100, process.pid), entry(200, 1));
    at(entry(100, process.pid), entry(200, 1));
    expect(read.filter((pid) => pid === 200)).toHaveLength(1);
  });
});

test('reads /proc/PID/stat, whatever the name of the process holds', () => {
  const text =
    '8412 (a) S 1 (b) R 900 8410 8400 34816 8412 4194304 100 0 0 0 120 30 5 7 20 0 1 0 555123 1 2 18446744073709551615\n';
  expect(parseStat(text)).toEqual({
    pid: 8412,
    name: 'a) S 1 (b',
    state: 'R',
    parentPid: 900,
    groupId: 8410,
    sessionId: 8400,
    cpuSeconds: 1.62,
    startTime: '555123',
  });
  expect(parseForeground(text)).toBe(8412);
  expect(parseForeground(text.replace('34816 8412', '0 -1'))).toBeUndefined();
});

test.each([
  ['  412   1   412 Ss     0:01.43 Wed Nov 25 15:10:02 2026     /usr/sbin/sshd', 412, 1.43, 'sshd'],
  ['77 412 77 S+ 1-02:00:01 Mon Nov  2 05:10:02 2026 python3', 77, 93_601, 'python3'],
])('reads %j of ps', (line, pid, cpuSeconds, name) => {
  expect(parsePsLine(line)).toMatchObject({ pid, cpuSeconds, name });
});
