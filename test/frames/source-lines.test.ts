import { describe, expect, test } from 'vitest';
import { callOnLine, lockOnLine } from '../../src/frames/source-lines.ts';

describe('callOnLine', () => {
  test.each([
    ['with self._lock:', 'lock-wait'],
    ['with a.guard, locks["b"]:', 'lock-wait'],
    ['with self._lock_for(key):', 'lock-wait'],
    ['index_lock.acquire()', 'lock-wait'],
    ['fcntl.lockf(self.handle, fcntl.LOCK_EX)', 'file-lock'],
    ['time.sleep(0.5)', 'sleep'],
    ['pid, status = os.waitpid(child, 0)', 'child-wait'],
    ['self.lines.extend(upstream.recv(4096).splitlines())', 'read'],
    ['readable, _, _ = select.select([connection], [], [], 1)', 'poll'],
    ['cursor.execute("ALTER TABLE orders ADD COLUMN note text")', 'database-request'],
    ['total += loss.item()', 'device-sync'],
  ])('%s waits: %s', (line, category) => {
    expect(callOnLine(line)).toBe(category);
  });

  test.each([
    'with open(path) as file:',
    'with self._connection:',
    'async with self._lock:',
    'if lock.acquire(timeout=5):',
    'got = lock.acquire(False)',
    'self.sleep_time(3)',
    'total += number',
    'return record.items()',
  ])('%s says nothing', (line) => {
    expect(callOnLine(line)).toBeUndefined();
  });
});

test.each([
  ['with self._lock:', 'self._lock'],
  ['with target.lock as held:', 'target.lock'],
  ['index_lock.acquire()', 'index_lock'],
  ['total += number', undefined],
])('the lock on the line %s is %s', (line, lock) => {
  expect(lockOnLine(line)).toBe(lock);
});
