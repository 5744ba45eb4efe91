import { expect, test } from 'vitest';
import { diagnose } from '../../src/index.ts';

function progressOf(...texts: string[]): (string | undefined)[] {
  const { capture } = diagnose(texts.map((text, index) => ({ name: `${index}.txt`, text })));
  return capture.processes.flatMap(({ threads }) => threads.map(({ progress }) => progress));
}

const pyspy = (status: string, ...frames: string[]): string =>
  `Process 812: python3 serve.py\nPython v3.11.7 (/usr/bin/python3.11)\n\nThread 812 (${status}): "MainThread"\n${frames.map((frame) => `    ${frame}\n`).join('')}`;

const stat = (user: number): string =>
  `/proc/812/task/812/stat:812 (python3) S 1 812 812 0 -1 4194304 1576 0 0 0 ${user} 3 0 0 20 0 1 0 295588 16953344 3213\n/proc/812/task/812/wchan:0\n`;

const WAIT = ['wait (threading.py:320)', 'main (serve.py:9)'];

test.each([
  ['the same wait', [pyspy('idle', ...WAIT), pyspy('idle', ...WAIT)], 'stuck'],
  ['another line', [pyspy('idle', ...WAIT), pyspy('idle', 'wait (threading.py:320)', 'main (serve.py:12)')], 'moving'],
  [
    'at work in the same call, lines of it aside: a long computation, or a loop without an end',
    [
      pyspy('active+gil', 'pair (match.py:8)', 'main (match.py:20)'),
      pyspy('active', 'pair (match.py:11)', 'main (match.py:20)'),
    ],
    undefined,
  ],
  [
    'at work in the same step of an event loop',
    [
      pyspy('active+gil', 'beat (serve.py:8)', '_run (asyncio/events.py:88)'),
      pyspy('active+gil', 'beat (serve.py:9)', '_run (asyncio/events.py:88)'),
    ],
    'spinning',
  ],
  [
    'at work on the same line',
    [
      pyspy('active+gil', 'pair (match.py:8)', 'main (match.py:20)'),
      pyspy('active+gil', 'pair (match.py:8)', 'main (match.py:20)'),
    ],
    'spinning',
  ],
  [
    'at work in another call',
    [
      pyspy('active+gil', 'pair (match.py:8)', 'main (match.py:20)'),
      pyspy('active+gil', 'cost (match.py:3)', 'main (match.py:20)'),
    ],
    'moving',
  ],
  // musl: py-spy takes every thread for active there.
  [
    'a wait that py-spy calls active',
    [
      pyspy('active', 'pthread_cond_wait (libc.so.6)', ...WAIT),
      pyspy('active', 'pthread_cond_wait (libc.so.6)', ...WAIT),
    ],
    'stuck',
  ],
  ['a wait that burns time', [pyspy('idle', ...WAIT), stat(100), pyspy('idle', ...WAIT), stat(400)], 'spinning'],
  ['a wait that burns none', [pyspy('idle', ...WAIT), stat(100), pyspy('idle', ...WAIT), stat(101)], 'stuck'],
])('%s', (_, texts, progress) => {
  expect(progressOf(...texts)).toEqual([progress]);
});

test('dumps of two processes are no two moments', () => {
  const other = pyspy('idle', ...WAIT).replaceAll('812', '900');
  expect(progressOf(pyspy('idle', ...WAIT), other)).toEqual([undefined, undefined]);
});
