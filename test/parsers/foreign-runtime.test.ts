import { expect, test } from 'vitest';
import foreign from '../../src/parsers/foreign-runtime.ts';
import { claimOf, describeDialect, parseText } from './_dialects.ts';

describeDialect(foreign);

test.each([
  ['Full thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):', 'certain'],
  ['"main" #1 prio=5 os_prio=0 tid=0x00007f nid=0x1 runnable', 'certain'],
  ['goroutine 1 [running]:', 'certain'],
  ['OS Thread Id: 0x1a2b (0)', 'certain'],
  ['    at Module._compile (node:internal/modules/cjs/loader:1105:14)', 'certain'],
  ['    at handle (/srv/a.js:1:2)\n    at serve (/srv/a.js:3:4)', 'certain'],
  ['    at handle (/srv/a.js:1:2)', 'no'],
  ['#0 /var/www/index.php(12): handle()', 'certain'],
  ['#0  0x00007f8c9b0a3f16 in poll () from /lib/libc.so.6', 'no'],
  ['Thread 4242 (idle): "MainThread"', 'no'],
])('claims %j: %s', (text, claim) => {
  expect(claimOf(foreign, text)).toBe(claim);
});

test('reads nothing and leaves all lines to be explained', () => {
  const { processes, skipped } = parseText(foreign, 'goroutine 1 [running]:\n\nmain.main()');
  expect([processes.length, skipped.length]).toEqual([0, 2]);
});
