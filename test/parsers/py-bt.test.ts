import { describe, expect, test } from 'vitest';
import pyBt from '../../src/parsers/py-bt.ts';
import { describeDialect, namesOf, parseText, threadsOf } from './_dialects.ts';

describeDialect(pyBt);

const TRACEBACK = 'Traceback (most recent call first):';
const ITEM = '  File "/srv/net.py", line 40, in read\n    data = self.sock.recv(n)';
const only = (text: string) => threadsOf(parseText(pyBt, `${TRACEBACK}\n${text}`))[0];

test('without a header has no number', () => {
  expect(only(ITEM)).toMatchObject({
    id: '',
    nativeId: undefined,
    view: { python: true, native: false, interpreter: false, everyThread: false },
  });
});

test('of a thread chosen before has its number', () => {
  const text = `[Switching to thread 2 (Thread 0x7f10 (LWP 51))]\n#0  0x01 in poll () from l.so\n(gdb) py-bt\n${TRACEBACK}\n${ITEM}`;
  const { processes, skipped } = parseText(pyBt, text);
  expect(skipped).toEqual([]);
  expect(processes[0]?.threads).toMatchObject([{ id: '2', nativeId: 51, frames: [{ function: 'read', line: 40 }] }]);
});

test('says what the markers say', () => {
  const thread = only(`  Garbage-collecting\n  Waiting for the GIL\n${ITEM}`);
  expect(thread).toMatchObject({ collecting: true, gil: 'waits' });
  expect(thread?.notes[0]).toContain('Python 2');
  expect(namesOf(thread)).toEqual(['Garbage-collecting', 'read']);
});

test.each([
  ['<built-in method recv of _socket.socket object at remote 0x7f10bb>', 'native', 'recv'],
  ['<built-in function len>', 'native', 'len'],
  ["<method-wrapper '__init__' of Conn object at 0x7f10bb>", 'native', '__init__'],
  ['<builtin_method at remote 0x7f634a73c9a0>', 'native', ''],
  ['PyCFunction invocation (unable to read func: missing debuginfos?)', 'native', ''],
  ['(frame information optimized out)', 'python', ''],
  ['(unable to read python frame information)', 'python', ''],
])('reads the item %s', (item, language, name) => {
  expect(only(`  ${item}\n${ITEM}`)?.frames[0]).toMatchObject({ language, function: name, module: undefined });
});

test('reads an item without a line, and one broken in the middle', () => {
  const text =
    '  File "net.py", line ?, in loop\n    (failed to get frame line number)\n  File "/srv/net.py", line\n156 in run';
  expect(only(text)?.frames[0]).toMatchObject({ function: 'loop', line: undefined });
  expect(only('  File "/srv/net.py", line\n156, in run')?.frames[0]).toMatchObject({ function: 'run', line: 156 });
});

test('reads items that lost their indentation', () => {
  const text =
    'File "/srv/net.py", line 40, in read\ndata = self.sock.recv(n)\nFile "/srv/net.py", line 9, in <module>\nloop()';
  expect(namesOf(only(text))).toEqual(['read', '<module>']);
  expect(parseText(pyBt, `${TRACEBACK}\n${text}`).skipped).toEqual([]);
});

describe('threads without Python', () => {
  test('have no frames', () => {
    const text = `Thread 2 (LWP 51):\nUnable to locate python frame\n\nThread 1 (LWP 50):\n${TRACEBACK}\n${ITEM}`;
    const { processes, skipped } = parseText(pyBt, text);
    expect(processes[0]?.threads.map(({ id, frames }) => [id, frames.length])).toEqual([
      ['2', 0],
      ['1', 1],
    ]);
    expect(processes[0]?.threads[0]?.view).toMatchObject({ python: true, native: false });
    expect(skipped).toEqual([]);
  });

  test('tell when the helper is missing', () => {
    const failure = 'Undefined command: "py-bt".  Try "help".';
    expect(parseText(pyBt, `Thread 2 (LWP 51):\n${failure}`).skipped.map(({ text }) => text)).toEqual([failure]);
  });
});

test('passes over py-list and py-locals', () => {
  const text = `${TRACEBACK}\n${ITEM}\n  39    n = 4096\n >40    data = self.sock.recv(n)\nLocals for read\nself = <Conn at remote 0x7f10bb>\nn = 4096\nUnable to read information on python frame`;
  const { processes, skipped } = parseText(pyBt, text);
  expect(skipped).toEqual([]);
  expect(namesOf(processes[0]?.threads[0])).toEqual(['read']);
});
