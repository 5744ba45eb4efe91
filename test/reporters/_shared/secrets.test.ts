import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskSecrets } from '../../../src/reporters/_shared/secrets.ts';
import { HOSTILE } from '../../support/hostile-text.ts';

describe('maskSecrets', () => {
  test.each([
    ['app --password hunter2 --port 80', 'app --password *** --port 80'],
    ['app --db-password=hunter2 run', 'app --db-password=*** run'],
    ["app --token 'a b' run", 'app --token *** run'],
    ['app -token abc', 'app -token ***'],
    ['DB_PASSWORD=hunter2 python x.py', 'DB_PASSWORD=*** python x.py'],
    ['DB_PASS=hunter2', 'DB_PASS=***'],
    ['AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG', 'AWS_SECRET_ACCESS_KEY=***'],
    ['key AKIAIOSFODNN7EXAMPLE end', 'key *** end'],
    ['https://x/?token=abc&page=2', 'https://x/?token=***&page=2'],
    ['{"api_key": "abc", "page": 2}', '{"api_key": ***, "page": 2}'],
    ["password='x y'", 'password=***'],
    ['postgres://app:hunter2@db:5432/main', 'postgres://app:***@db:5432/main'],
    ['redis://:hunter2@cache', 'redis://:***@cache'],
    ['amqp://u:p@ss:w@host', 'amqp://u:***@host'],
    ['https://ghp_0123456789abcdefghij0123@github.com/x', 'https://***@github.com/x'],
    ['curl -H "Authorization: Bearer abc.def" x', 'curl -H "Authorization: Bearer ***" x'],
    ['authorization=Basic dXNlcjpwYXNz', 'authorization=Basic ***'],
    ['curl -u admin:hunter2 http://x', 'curl -u admin:*** http://x'],
    ['mysql -h db -phunter2 main', 'mysql -h db -p*** main'],
    ['glpat-abcdefghij0123456789', '***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', '***'],
  ])('%s', (text, expected) => {
    expect(maskSecrets(text)).toBe(expected);
  });

  test.each([
    'python train.py --epochs 40 --max-tokens 512',
    'tokenize (client.py:55)',
    'get_password (app/auth.py:12)',
    'app --password --verbose',
    'bypass: 12',
    'http://host:8080/path',
    'python -m tokenizer --pass-through',
    'zmq.Context.instance()',
    'mysql --port=3306',
  ])('leaves alone: %s', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  test('changes nothing a second time', () => {
    fc.assert(fc.property(HOSTILE, (text) => maskSecrets(maskSecrets(text)) === maskSecrets(text)));
  });

  test.each(['password', 'a:', '://a:', 'Authorization: ', ' -u ', 'mysql ', '--', 'eyJ', '"', '--password='])(
    'reads a long text of %j before the time for a test is up',
    (piece) => {
      const masked = maskSecrets(piece.repeat(100_000 / piece.length));
      expect(masked.length).toBeGreaterThan(0);
    },
  );
});
