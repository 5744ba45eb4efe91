import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSignature } from '../../src/signatures/compile.ts';
import { matchSignature, type SignatureMatch } from '../../src/signatures/match.ts';
import { parseSignature } from '../../src/signatures/parse.ts';
import { ALL, GDB, knownFrames, PY_SPY_NATIVE, PYTHON_ONLY } from '../support/stacks.ts';

const whole = { truncated: false, told: new Set<never>() };

function match(signature: string, stack: readonly string[], view = ALL): SignatureMatch | undefined {
  return matchSignature(compileSignature(parseSignature(signature)), { frames: knownFrames(...stack), view, ...whole });
}

/** "seen at 2 and 0; unseen: c:poll$", or "no". */
function words(found: SignatureMatch | undefined): string {
  if (found === undefined) return 'no';
  const seen = found.seen.map(({ index }) => index).join(', ');
  return found.unseen.length === 0 ? seen : `${seen}; unseen: ${found.unseen.map(({ text }) => text).join(' ')}`;
}

describe('frames may stand between steps, unless a step is called directly', () => {
  const stack = [
    'c poll',
    'c zmq::signaler_t::wait',
    'py term zmq/sugar/context.py',
    'py __del__ zmq/sugar/context.py',
    'py work app.py',
  ];

  test.each([
    ['__del__ -> term -> zmq::signaler_t::wait', '3, 2, 1'],
    ['__del__ -> signaler_t::wait', '3, 1'],
    ['__del__ => signaler_t::wait', 'no'],
    ['__del__ => term', '3, 2'],
    ['term -> __del__', 'no'],
    ['__del__ -> !term -> poll', 'no'],
    ['work -> !close -> poll', '4, 0'],
    ['!work -> term', 'no'],
    ['!close -> term', '2'],
    ['!work -> nothing? -> term', 'no'],
    ['__del__ -> #poll$', '3, 0'],
    ['__del__ -> c:signaler_t::wait$', 'no'],
    ['py:term$', '2'],
    ['py:__del__$', 'no'],
    ['^work -> poll', '4, 0'],
    ['^__del__ -> poll', 'no'],
    ['missing? -> __del__', '3'],
    ['{close, term}@zmq/ -> poll', '2, 0'],
    ['*@zmq/sugar/context.py -> poll', '2, 0'],
    ['term@zmq/other.py', 'no'],
    ['*sig*wait -> poll', '1, 0'],
    ['c:term', 'no'],
  ])('%s: %s', (signature, expected) => {
    expect(words(match(signature, stack))).toBe(expected);
  });
});

describe('a step is seen, contradicted, or not visible to the tool', () => {
  const python = ['py term zmq/context.py', 'py __del__ zmq/context.py', 'py work app.py'];

  test('a dump of Python frames does not contradict a native step', () => {
    expect(words(match('__del__ -> py:term -> c:poll', python, PYTHON_ONLY))).toBe('1, 0; unseen: c:poll');
  });

  test('the same stack with native frames does', () => {
    expect(words(match('__del__ -> py:term -> c:poll', python, PY_SPY_NATIVE))).toBe('no');
  });

  test('py-spy leaves the interpreter out, even with --native', () => {
    expect(words(match('c:slot_tp_finalize -> __del__ -> py:term', python, PY_SPY_NATIVE))).toBe(
      '1, 0; unseen: c:slot_tp_finalize',
    );
  });

  test('an unnamed frame of the right library may be the step', () => {
    const stripped = ['c poll', 'c ?? libzmq.so.5', 'c zmq_ctx_term libzmq.so.5'];
    expect(words(match('zmq_ctx_term -> c:wait@libzmq* -> poll', stripped, GDB))).toBe('2, 0; unseen: c:wait@libzmq*');
    expect(words(match('zmq_ctx_term -> c:wait@libother* -> poll', stripped, GDB))).toBe('no');
  });

  test('a step that must be seen is not taken on trust', () => {
    expect(words(match('__del__! -> c:zmq_ctx_term -> c:poll', ['c poll', 'c zmq_ctx_term'], GDB))).toBe('no');
    expect(words(match('__del__ -> c:zmq_ctx_term -> c:poll', ['c poll', 'c zmq_ctx_term'], GDB))).toBe(
      '1, 0; unseen: __del__',
    );
  });

  test('nothing is concluded from categories when every name is invisible', () => {
    expect(words(match('__del__ -> py:term -> c:#poll', ['c poll', 'c ??'], GDB))).toBe('no');
  });

  test('a cut-off outer end hides the outer steps', () => {
    const signature = compileSignature(parseSignature('c:main -> c:zmq_ctx_term -> c:poll'));
    const stack = { frames: knownFrames('c poll', 'c zmq_ctx_term'), view: GDB, told: new Set<never>() };
    expect(words(matchSignature(signature, { ...stack, truncated: true }))).toBe('1, 0; unseen: c:main');
    expect(matchSignature(signature, { ...stack, truncated: false })).toBeUndefined();
  });

  test("the tool's word counts as seen", () => {
    const signature = compileSignature(parseSignature('#gc! -> c:zmq_ctx_term'));
    const stack = { frames: knownFrames('c zmq_ctx_term'), view: GDB, truncated: false };
    expect(words(matchSignature(signature, { ...stack, told: new Set(['gc'] as const) }))).toBe('0');
    expect(matchSignature(signature, { ...stack, told: new Set() })).toBeUndefined();
  });
});

test('any signature on any stack ends, and claims only frames that are there', () => {
  const names = fc.constantFrom('a', 'b', 'poll', 'x::y');
  const step = fc
    .tuple(fc.constantFrom('', 'py:', 'c:', '!'), names, fc.constantFrom('', '?', '!', '$'))
    .map((parts) => parts.join(''));
  const signature = fc.array(step, { minLength: 1, maxLength: 8 }).map((steps) => steps.join(' -> '));
  const stack = fc.array(
    fc.tuple(fc.constantFrom('py', 'c'), names).map((parts) => parts.join(' ')),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(signature, stack, (text, lines) => {
      let found: SignatureMatch | undefined;
      try {
        found = match(text, lines);
      } catch (error) {
        expect(String(error)).toContain('column');
        return;
      }
      for (const { index } of found?.seen ?? []) expect(lines[index]).toBeDefined();
    }),
  );
});
