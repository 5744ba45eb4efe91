import { describe, expect, test } from 'vitest';
import { parseSignature, SignatureError } from '../../src/signatures/parse.ts';

describe('a signature is read', () => {
  test('step by step, outermost first', () => {
    const { steps } = parseSignature('#gc? → __del__! ⇒ {term, destroy}@zmq/ -> c:poll$');
    expect(steps.map(({ text, direct }) => [text, direct])).toEqual([
      ['#gc?', false],
      ['__del__!', false],
      ['{term, destroy}@zmq/', true],
      ['c:poll$', false],
    ]);
  });

  test.each([
    ['__del__', 'python'],
    ['<module>', 'python'],
    ['zmq::signaler_t::wait', 'native'],
    ['*@libzmq*', 'native'],
    ['term@zmq/sugar/context.py', 'python'],
    ['term', undefined],
    ['py:term', 'python'],
    ['c:term', 'native'],
    ['#poll', undefined],
  ])('%s is taken for %s', (text, language) => {
    expect(parseSignature(text).steps[0]?.language).toBe(language);
  });

  test('what is forbidden belongs to the step after it', () => {
    const { steps } = parseSignature('a -> !b -> !#gc -> c:d');
    expect(steps.map(({ text, forbidden }) => [text, forbidden.map((part) => part.text)])).toEqual([
      ['a', []],
      ['c:d', ['b', '#gc']],
    ]);
  });
});

describe('a mistake is shown with its column', () => {
  test.each([
    ['a -> #gcc', 6, 'unknown category `#gcc`'],
    ['a -> {b, c', 11, 'expected `,` or `}`'],
    ['a > b', 3, 'expected `->`, `=>` or the end'],
    ['a -> ', 6, 'expected a function name'],
    ['', 1, 'expected a function name'],
    ['a -> !b', 7, 'cannot come last'],
    ['a? -> b?', 1, 'at least one step must not be optional'],
    ['* -> b', 1, '`*` alone matches every frame'],
    ['a@ -> b', 3, 'expected a file, folder or module'],
  ])('%j at column %i', (text, column, problem) => {
    const attempt = (): unknown => parseSignature(text);
    expect(attempt).toThrow(SignatureError);
    expect(attempt).toThrow(problem);
    expect(attempt).toThrow(`column ${column}`);
  });
});
