import { expect, test } from 'vitest';
import { ancestorsOf, descendantsOf, type Listed, matchName, parseStat } from '../../src/collect/processes.ts';

const REST = `0 -1 4194560 ${'1 '.repeat(12)}777 9 9`;

test.each([
  [`8412 (python3) S 900 8412 ${REST}`, { name: 'python3', state: 'S', parentPid: 900 }],
  [`8412 (a) R 1 (b) D 900 8412 ${REST}`, { name: 'a) R 1 (b', state: 'D', parentPid: 900 }],
  [`8412 (two\nlines) T 1 8412 ${REST}`, { name: 'two\nlines', state: 'T', parentPid: 1 }],
])('%j', (text, stat) => {
  expect(parseStat(text)).toMatchObject(stat);
});

test('nothing of use', () => {
  expect(parseStat('')).toBe(undefined);
  expect(parseStat('8412')).toBe(undefined);
});

const listed = (pid: number, parentPid: number, ...command: string[]): Listed => ({
  pid,
  parentPid,
  command,
  state: 'S',
  started: '1',
});

const ALL = [
  listed(1, 0, '/sbin/init'),
  listed(10, 1, '/usr/bin/python3', '/srv/app/serve.py', '--port', '80'),
  listed(11, 10, '/usr/bin/python3', '/srv/app/serve.py', '--port', '80'),
  listed(20, 1, '/srv/venv/bin/python', '-m', 'celery', 'worker', 'serve.py'),
  listed(30, 1, 'gunicorn: master [shop]'),
  listed(40, 1, 'bash'),
  listed(41, 40, 'node', 'whyhung.js', 'attach', 'serve.py'),
];

test.each([
  ['serve.py', [10, 11]],
  ['serve', [10, 11]],
  ['celery', [20]],
  ['worker', [20]],
  ['python3', [10, 11]],
  ['shop', [30]],
  ['init', []],
  ['--port', [10, 11]],
  ['$(touch x)', []],
])('the name %s', (name, pids) => {
  expect(matchName(name, ALL, ancestorsOf(41, ALL)).map(({ pid }) => pid)).toEqual(pids);
});

test('what is below, in circles too', () => {
  expect(descendantsOf([1], ALL).map(({ pid }) => pid)).toEqual([10, 20, 30, 40, 11, 41]);
  expect(descendantsOf([5], [listed(5, 6, 'a'), listed(6, 5, 'b')]).map(({ pid }) => pid)).toEqual([6]);
});
