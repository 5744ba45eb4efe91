import { describe, expect, test } from 'vitest';
import traceback from '../../src/parsers/python-traceback/index.ts';
import { claimOf, describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(traceback);

const FRAME = '  File "/srv/a.py", line 3, in get';
const HEADER = 'Traceback (most recent call last):';

describe('claims', () => {
  test.each([
    [`${HEADER}\n${FRAME}`, 'certain'],
    [`Thread MainThread:\n${HEADER}\n${FRAME}`, 'certain'],
    [`Exception in thread Thread-1 (f):\n${HEADER}`, 'certain'],
    [`Process ForkPoolWorker-1:\nProcess ForkPoolWorker-2:\n${HEADER}`, 'certain'],
    [`--- Thread MainThread (140080061712064) ---\n${FRAME}`, 'likely'],
    [`^C${HEADER}\n${FRAME}`, 'certain'],
    [`Stack (most recent call last):\n${FRAME}`, 'certain'],
    [FRAME, 'likely'],
    ['  File "/srv/a.py", line 3 in get', 'no'],
    ['Traceback (most recent call first):', 'no'],
    ['Traceback for thread 311 (trainer) [] (most recent call last):', 'no'],
    ['Process 4242: python app.py', 'no'],
    [`Why does this thread hang?\n\n${'It never ends.'}`, 'no'],
  ])('%j: %s', (text, claim) => {
    expect(claimOf(traceback, text)).toBe(claim);
  });
});

test.each([
  ['Thread MainThread:', { id: 'MainThread', name: 'MainThread' }],
  ['Thread 140080061712064:', { id: '140080061712064', name: undefined, pthreadId: '0x7f66ee5186c0' }],
  ['Thread 4242:', { id: '4242', nativeId: 4242 }],
  ['Exception in thread Thread-1 (f):', { name: 'Thread-1 (f)' }],
])('names the thread after %s', (title, expected) => {
  expect(threadsOf(parseText(traceback, `${title}\n${HEADER}\n${FRAME}`))[0]).toMatchObject(expected);
});

test.each([
  ['--- Thread cache refresher (140080061712064) ---', 'cache refresher', '0x7f66ee5186c0'],
  ['Thread: MainThread(0x7f10c0a1d740)', 'MainThread', '0x7f10c0a1d740'],
  ['<Thread(Thread-1 (f), started daemon 140080061712064)>', 'Thread-1 (f)', '0x7f66ee5186c0'],
  ['Stack of thread "wk (a)":', 'wk (a)', undefined],
  ['# ThreadID: 140080061712064', undefined, '0x7f66ee5186c0'],
])('reads the heading %s', (heading, name, pthreadId) => {
  const [thread] = threadsOf(parseText(traceback, `${heading}\n${FRAME}`));
  expect([thread?.name, thread?.pthreadId]).toEqual([name, pthreadId]);
});

test('prefers the interrupted traceback of a chain', () => {
  const text = `${HEADER}
  File "/srv/a.py", line 3, in wait
    lock.acquire()
KeyboardInterrupt

During handling of the above exception, another exception occurred:

${HEADER}
  File "/srv/a.py", line 9, in close
    stop()
ValueError: closed`;
  const [thread] = threadsOf(parseText(traceback, text));
  expect(namesOf(thread)).toEqual(['wait']);
  expect(thread?.notes).toEqual(['ended by KeyboardInterrupt', 'also raised: ValueError: closed']);
});

test('reads without indentation', () => {
  const text = `${HEADER}\nFile "/srv/a.py", line 9, in run\nself.get()\nFile "/srv/a.py", line 3, in get\nreturn lock\nKeyboardInterrupt`;
  const parsed = parseText(traceback, text);
  expect(namesOf(threadsOf(parsed)[0])).toEqual(['get', 'run']);
  expect(parsed.skipped).toEqual([]);
});

test('leaves prose after the stack alone', () => {
  const text = `${HEADER}\n${FRAME}\n    return lock\nKeyboardInterrupt\n\nWhy does the thread hang?`;
  expect(parseText(traceback, text).skipped.map((line) => line.text)).toEqual(['Why does the thread hang?']);
});
