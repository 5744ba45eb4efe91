import { expect, test } from 'vitest';
import { oneLine, quoteWord, showCommand } from '../../src/collect/text.ts';
import { splitWords } from '../../src/collect/words.ts';

test.each([
  ['kubectl exec POD --', ['kubectl', 'exec', 'POD', '--']],
  [`  ssh 'my host'  -p 22 `, ['ssh', 'my host', '-p', '22']],
  [`sh -c 'exec "$@"' sh`, ['sh', '-c', 'exec "$@"', 'sh']],
  ['a"b c"d', ['ab cd']],
  [String.raw`a\ b "c\"d" 'e\f'`, ['a b', 'c"d', String.raw`e\f`]],
  ["'' x", ['', 'x']],
  ['$HOME; rm *', ['$HOME;', 'rm', '*']],
  ['"$(touch x)"', ['$(touch x)']],
])('%s', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

test.each([
  ['', 'it is empty'],
  ['   ', 'it is empty'],
  ["a 'b", "a quotation mark (') is not closed"],
  ['a "b', 'a quotation mark (") is not closed'],
  ['a\\', 'it ends in a backslash'],
])('%j is refused', (text, problem) => {
  expect(splitWords(text)).toEqual({ problem });
});

test('a command is shown as it can be typed, on one line', () => {
  const words = ['python3', 'serve me.py', "it's", '$(touch x)', '--port=80', 'two\nlines', '\x1b[2J'];
  const shown = showCommand(words);
  expect(shown).toBe(String.raw`python3 'serve me.py' 'it'\''s' '$(touch x)' --port=80 'two\nlines' '\u001b[2J'`);
  expect(splitWords(shown)).toEqual(words.map(oneLine));
});

test('a quoted word is that word again', () => {
  for (const word of ["it's", '$(x)', '', '\\', '"', "'''"])
    expect(splitWords(`x ${quoteWord(word)}`)).toEqual(['x', word]);
});
