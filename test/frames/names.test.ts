import { describe, expect, test } from 'vitest';
import { bareName, canonicalName, matchesGlob } from '../../src/frames/names.ts';

describe('a native name is stripped of what compilers and linkers add', () => {
  test.each([
    ['zmq::signaler_t::wait(int)', 'zmq::signaler_t::wait'],
    ['void ns::Box<int, std::pair<A, B> >::run<C>(int) const', 'ns::Box::run'],
    ['std::function<void (int)>::operator()(int) const', 'std::function::operator()'],
    ['N::Box<A, B>::operator<(N::Box<A, B> const&) const', 'N::Box::operator<'],
    ['pthread_cond_timedwait@@GLIBC_2.3.2', 'pthread_cond_timedwait'],
    ['collect.constprop.0', 'collect'],
    ['_PyEval_EvalFrameDefault.cold', '_PyEval_EvalFrameDefault'],
    ['(anonymous namespace)::wait', '(anonymous)::wait'],
    ['poll@plt', 'poll'],
    ['rayon_core::latch::LockLatch::wait::h0123456789abcdef', 'rayon_core::latch::LockLatch::wait'],
    ['<core::latch::LockLatch as core::Latch>::wait', 'core::latch::LockLatch::wait'],
    ['??', '??'],
  ])('%s → %s', (name, bare) => {
    expect(bareName(name)).toBe(bare);
  });
});

describe('aliases of C libraries have one name', () => {
  test.each([
    ['__GI___poll', 'poll'],
    ['___pthread_mutex_lock', 'pthread_mutex_lock'],
    ['__libc_recv', 'recv'],
    ['_PyEval_EvalFrameDefault', 'PyEval_EvalFrameDefault'],
    ['PyObject_Call', 'PyObject_Call'],
  ])('%s → %s', (name, canonical) => {
    expect(canonicalName(name)).toBe(canonical);
  });
});

describe('a star stands for any characters', () => {
  test.each([
    ['a*c', 'abbc', true],
    ['a*c', 'abbd', false],
    ['*', '', true],
    ['a**b', 'ab', true],
    ['*ab*ab', 'xababab', true],
    ['abc', 'abcd', false],
  ])('%s covers %s: %s', (pattern, text, covers) => {
    expect(matchesGlob(pattern, text)).toBe(covers);
  });

  test('a hostile pattern is no bomb', () => {
    expect(matchesGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(5000))).toBe(false);
  });
});
