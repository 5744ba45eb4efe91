import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBrokenFrame, readFrame } from '../../src/parsers/_shared/gdb-frame.ts';
import { bareName } from '../../src/parsers/_shared/gdb-function-name.ts';

const QUOTED = 'long text with ) at fake.c:12 and \\"quotes\\" from libx.so';

test.each([
  [
    '#0  0x00007f0001f1df2 in poll () from /lib/x86_64-linux-gnu/libc.so.6',
    'poll',
    [],
    '/lib/x86_64-linux-gnu/libc.so.6',
  ],
  ['#10 main () at t.cpp:30', 'main', [], 't.cpp:30'],
  ['    #2  0x00ab in f (a=1) at C:/src/a b.c:7', 'f', ['a=1'], 'C:/src/a b.c:7'],
  ['#0 0x00007f in f (...)', 'f', [], ''],
  ['#3  <signal handler called>', '<signal handler called>', [], ''],
  ['#3  0x00007f in <function called from gdb>', '<function called from gdb>', [], ''],
  ['#0  <unavailable> in ?? ()', '??', [], ''],
  ['#9  0x00007f in  () at /lib/libx.so', '', [], '/lib/libx.so'],
  [
    '#1  0x55 in ns::Box<std::pair<int, A>, std::function<void (int)> >::operator< (this=0x7f00ce80, o=...) at b f.cpp:14',
    'ns::Box<std::pair<int, A>, std::function<void (int)> >::operator<',
    ['this=0x7f00ce80', 'o=...'],
    'b f.cpp:14',
  ],
  [
    '#1  0x55 in std::function<void (int)>::operator() (this=0x1) at f.h:3',
    'std::function<void (int)>::operator()',
    ['this=0x1'],
    'f.h:3',
  ],
  ['#4  0x55 in X::_M_run(void) (this=<optimized out>) at t.h:2', 'X::_M_run', ['this=<optimized out>'], 't.h:2'],
  [
    '#1  0x55 in N::Box<A, B>::operator<(N::Box<A, B> const&) const (this=0x7f) at x.h:1',
    'N::Box<A, B>::operator<',
    ['this=0x7f'],
    'x.h:1',
  ],
  [
    '#5  0x55 in operator() (__closure=<optimized out>) at t.cpp:29',
    'operator()',
    ['__closure=<optimized out>'],
    't.cpp:29',
  ],
  [
    '#1  0x55 in ns::(anonymous namespace)::inl (q=1) at t.cpp:18',
    'ns::(anonymous namespace)::inl',
    ['q=1'],
    't.cpp:18',
  ],
  ['#6  0x55 in f()::{lambda()#2}::operator()() const ()', 'f()::{lambda()#2}::operator()', [], ''],
  [
    '#7  0x55 in pthread_cond_timedwait@@GLIBC_2.3.2 () from /a b/libc.so',
    'pthread_cond_timedwait@@GLIBC_2.3.2',
    [],
    '/a b/libc.so',
  ],
  ['#7  0x55 in main.(*T).run (t=0xc000) at /srv/m.go:12', 'main.(*T).run', ['t=0xc000'], '/srv/m.go:12'],
  [
    `#2  viaInline (mv=std::vector of length 2, capacity 2 = {...}, text=text@entry=0x55 "${QUOTED}") at t.cpp:21`,
    'viaInline',
    ['mv=std::vector of length 2, capacity 2 = {...}', `text=0x55 "${QUOTED}"`],
    't.cpp:21',
  ],
  [
    "#2  f (c=40 '(', z='\\000' <repeats 15 times>, s={a = 1, b = {...}}) at t.c:2",
    'f',
    ["c=40 '('", "z='\\000' <repeats 15 times>", 's={a = 1, b = {...}}'],
    't.c:2',
  ],
  [
    "#2  f (e=<error reading variable: Couldn't get registers (x)>, b=1) at t.c:2",
    'f',
    ["e=<error reading variable: Couldn't get registers (x)>", 'b=1'],
    't.c:2',
  ],
  [
    '#2  f (v=0x5 <vtable for Box<int, A>+16>, n=2) at t.c:2',
    'f',
    ['v=0x5 <vtable for Box<int, A>+16>', 'n=2'],
    't.c:2',
  ],
  ['#0  f (main=, main@entry=, n=1, n@entry=2) at t.c:2', 'f', ['main=', 'n=1'], 't.c:2'],
  [
    "#4  0x5 in g (f=Frame 0x7f, for file a.py, line 4, in inner (a=1, b='x\"y'), throwflag=0) at c.c:9",
    'g',
    ["f=Frame 0x7f, for file a.py, line 4, in inner (a=1, b='x\"y')", 'throwflag=0'],
    'c.c:9',
  ],
  [
    "#4  0x5 in g (f=Frame 0x7f, for file a.py, line 4, in inner (a=['x, (...(truncated), throwflag=0) at c.c:9",
    'g',
    ["f=Frame 0x7f, for file a.py, line 4, in inner (a=['x, (...(truncated)", 'throwflag=0'],
    'c.c:9',
  ],
])('reads %s', (text, name, args, place) => {
  const frame = readFrame(text);
  expect(frame?.function).toBe(name);
  expect(frame?.arguments.map((one) => `${one.name}=${one.value}`)).toEqual(args);
  const file = frame?.line === undefined ? frame?.file : `${frame.file}:${frame.line}`;
  expect(file ?? frame?.module ?? '').toBe(place);
});

test.each([
  ['#1 0x55aa in main (/srv/app+0x1234)', 'a sanitizer with its module'],
  ['#1 0x55aa in main /srv/app.c:3', 'a sanitizer with its line'],
  ['    #0 0x7f12  (/lib/libc.so.6+0x2b22)', 'a sanitizer without a name'],
  ['#0  0x00007f8c9b0a3f16 __futex_abstimed_wait_common64', 'eu-stack'],
  ['#0 /var/www/index.php(12): run()', 'PHP'],
  ['#1 {main}', 'the end of PHP'],
  ['#0      main (package:shop/main.dart:3:5)', 'Dart'],
  ['#7 Frame 0x7f10cc, for file /srv/net.py, line 40, in read (n=4096)', 'py-bt-full'],
  ['#12 is the issue to look at (see above)', 'prose'],
])('leaves %s to others: %s', (text) => {
  expect(readFrame(text)).toBeUndefined();
});

test.each([
  ['#1  0x55 in read_all (fd=3, buffer=0x7f', 'read_all', ['fd=3', 'buffer=0x7f']],
  ['#1  0x55 in std::__invoke_impl<void, main()::<lambda()>', 'std::__invoke_impl<void, main()::<lambda()>', []],
  ['#1  f (', 'f', []],
  ['#3', '', []],
])('makes the best of the cut line %s', (text, name, args) => {
  const frame = readBrokenFrame(text);
  expect(frame?.function).toBe(name);
  expect(frame?.arguments.map((one) => `${one.name}=${one.value}`)).toEqual(args);
});

test.each([
  ['std::thread::join()', 'std::thread::join'],
  ['ns::f(std::function<void (int)>) const &', 'ns::f'],
  ['ns::f(int) [clone .cold]', 'ns::f'],
  ['operator()', 'operator()'],
  ['X::operator()(int) const', 'X::operator()'],
  ['std::to_string[abi:cxx11](int)', 'std::to_string[abi:cxx11]'],
  ['main()::<lambda(int)>', 'main()::<lambda(int)>'],
  ['-[Socket waitFor:]', '-[Socket waitFor:]'],
  ['core::ops::function::FnOnce::call_once$u7b$', 'core::ops::function::FnOnce::call_once$u7b$'],
])('the bare name of %s is %s', (printed, name) => {
  expect(bareName(printed)).toBe(name);
});

test('no text makes it throw', () => {
  const part = fc.constantFrom(
    '#0  ',
    '0x7f in ',
    'f',
    ' (',
    ')',
    'a=',
    ', ',
    '"',
    "'",
    '\\',
    '[',
    '{',
    ' at x.c:3',
    ' from ',
    '...(truncated)',
    '<',
    '>',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part).map((parts) => `#1 ${parts.join('')}`),
      ),
      (text) => {
        readFrame(text);
        readBrokenFrame(text);
      },
    ),
  );
});
