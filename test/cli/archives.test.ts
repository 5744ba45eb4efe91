import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, type Zippable, zipSync } from 'fflate';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Limits, newBudget } from '../../src/cli/archive-budget.ts';
import { expandArchive } from '../../src/cli/archives.ts';
import { runProgram } from '../support/run-program.ts';

const HUNG = `Process 8412: /usr/bin/python3 serve.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 8412 (idle): "MainThread"
    term (zmq/sugar/context.py:264)
    __del__ (zmq/sugar/context.py:140)
    tokenize (client.py:55)
`;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const zip = (files: Readonly<Record<string, string | Uint8Array>>) => {
  const entries: Zippable = {};
  for (const [name, content] of Object.entries(files))
    entries[name] = typeof content === 'string' ? bytesOf(content) : content;
  return zipSync(entries);
};
const tar = (files: Readonly<Record<string, string>>) =>
  packTar(
    Object.entries(files).map(([name, body]) => ({
      header: { name, size: bytesOf(body).length, type: name.endsWith('/') ? 'directory' : 'file' },
      body,
    })),
  );

const expand = async (bytes: Uint8Array, limits?: Partial<Limits>) => {
  const budget = newBudget({ member: 1e8, total: 1e9, members: 10_000, ...limits });
  const expanded = await expandArchive({ name: 'a', bytes }, budget);
  return {
    files: expanded?.members.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]),
    warnings: expanded?.warnings.map(({ code, source, message }) => `${code} ${source}: ${message}`),
  };
};

describe('an archive', () => {
  test('is known by its bytes, and anything else is left alone', async () => {
    for (const text of ['', 'PK', HUNG, `${'x'.repeat(257)}ustar  and so on`])
      expect(await expandArchive({ name: 'a.zip', bytes: bytesOf(text) }, newBudget())).toBeUndefined();
  });

  test.each([
    ['zip', async () => zip({ 'x/one.txt': '1', 'two.txt': '2' })],
    ['tar', async () => tar({ 'x/': '', 'x/one.txt': '1', './two.txt': '2' })],
    ['tar.gz', async () => gzipSync(await tar({ 'x/one.txt': '1', 'two.txt': '2' }))],
  ])('%s: its files have its name before theirs', async (_, make) => {
    const files = [
      ['a/x/one.txt', '1'],
      ['a/two.txt', '2'],
    ];
    expect(await expand(await make())).toEqual({ files, warnings: [] });
  });

  test('gz keeps its name, and may hold several streams', async () => {
    const both = Buffer.concat([gzipSync(bytesOf('one ')), gzipSync(bytesOf('two'))]);
    expect(await expand(both)).toEqual({ files: [['a', 'one two']], warnings: [] });
  });

  test('from the tools of the system, at any place of a larger buffer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'whyhung-tar-'));
    const long = `${'long-name-'.repeat(12)}.txt`;
    mkdirSync(join(folder, 'd'));
    writeFileSync(join(folder, 'd', long), HUNG);
    const made = execFileSync('tar', ['-C', folder, '-czf', '-', 'd']);
    rmSync(folder, { recursive: true });
    const inside = Buffer.concat([Buffer.alloc(3), made]).subarray(3);
    expect(await expand(inside)).toEqual({ files: [[`a/d/${long}`, HUNG]], warnings: [] });
  });

  test('in an archive is read, in a third one it is left as it is', async () => {
    const inner = gzipSync(bytesOf('1'));
    expect((await expand(zip({ 'one.gz': inner }))).files).toEqual([['a/one.gz', '1']]);
    const { files } = await expand(zip({ 'b.zip': zip({ 'one.gz': inner }) }));
    expect(files?.map(([name]) => name)).toEqual(['a/b.zip/one.gz']);
    expect(files?.[0]?.[1]).not.toBe('1');
  });

  test.each([
    ['zip', async (files: Readonly<Record<string, string>>) => zip(files)],
    ['tar', tar],
  ])('%s: folders, empty and hidden files are passed over, and names lead nowhere', async (_, make) => {
    const bytes = await make({ 'd/': '', empty: '', '.git/x': '1', '__MACOSX/._x': '1', '../../etc/x': '1' });
    expect(await expand(bytes)).toEqual({ files: [['a/etc/x', '1']], warnings: [] });
    expect((await expand(await make({ empty: '' }))).warnings).toEqual(['no-files a: no file in this archive']);
  });
});

describe('limits', () => {
  const zeros = new Uint8Array(20_000_000);
  const LARGE = expect.stringMatching(/^input-too-large a(?:\/\S+)?: too large to expand/);

  test('a gzip bomb is stopped early, and costs other inputs nothing', async () => {
    const budget = newBudget({ member: 1e6, total: 2e6, members: 10 });
    const bomb = await expandArchive({ name: 'a', bytes: gzipSync(zeros) }, budget);
    expect(bomb?.members).toEqual([]);
    expect(bomb?.warnings.map(({ code }) => code)).toEqual(['input-too-large']);
    expect(budget.bytes).toBe(2e6);
  });

  test('hold for each file of a zip or tar; the others are read', async () => {
    for (const bytes of [zip({ big: zeros, one: '1' }), await tar({ big: 'x'.repeat(2e6), one: '1' })])
      expect(await expand(bytes, { member: 1e6 })).toEqual({ files: [['a/one', '1']], warnings: [LARGE] });
  });

  test('hold for all together, and are told once', async () => {
    const three = { one: '11', two: '22', three: '33' };
    expect(await expand(zip(three), { total: 3 })).toEqual({ files: [['a/one', '11']], warnings: [LARGE] });
    for (const bytes of [zip(three), await tar(three)])
      expect(await expand(bytes, { members: 1 })).toEqual({ files: [['a/one', '11']], warnings: [LARGE] });
  });

  test('a zip that lies about sizes gets no more than it says', async () => {
    const bytes = zip({ one: 'x'.repeat(5000) });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // The central directory starts at the offset that stands 6 bytes before the end; byte 24 of its entry is the size.
    view.setUint32(view.getUint32(bytes.length - 6, true) + 24, 10, true);
    const { files } = await expand(bytes);
    expect(files?.[0]?.[1]?.length ?? 0).toBeLessThanOrEqual(10);
  });
});

describe('a damaged archive', () => {
  test('truncated gz: what came before is read, and the loss told', async () => {
    const noise = Array.from({ length: 9000 }, (_, index) => (index * 7919) % 10_007).join(' ');
    const { files, warnings } = await expand(gzipSync(bytesOf(noise)).subarray(0, -5000));
    expect(noise.startsWith(files?.[0]?.[1] ?? '-')).toBe(true);
    expect(warnings?.[0]).toContain('unreadable-input a: cannot be read: the gzip archive is damaged');
  });

  test('truncated tar and zip, at every length, never throw', async () => {
    for (const whole of [await tar({ one: '1'.repeat(600) }), zip({ one: HUNG }), gzipSync(bytesOf(HUNG))]) {
      for (let length = 0; length < Math.min(whole.length, 1700); length += 7) {
        const { files, warnings } = await expand(whole.subarray(0, length));
        if (files !== undefined && length < 1100) expect(warnings?.length, `${length}`).toBeGreaterThan(0);
      }
    }
  });

  test('encrypted zip', async () => {
    const bytes = zip({ one: HUNG });
    bytes[6] = 1;
    const warnings = ['unreadable-input a: cannot be read: the zip archive is encrypted'];
    expect(await expand(bytes)).toEqual({ files: [], warnings });
  });
});

describe('whyhung', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'whyhung-'));
    mkdirSync(join(folder, 'job'));
    const bundle = { 'rank0/py-spy.txt': HUNG, 'a.py': 'print(1)\n', 'b.py': 'print(2)\n' };
    writeFileSync(join(folder, 'job/bundle.tgz'), gzipSync(await tar(bundle)));
    writeFileSync(join(folder, 'broken.zip'), zip(bundle).subarray(0, 100));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([['job'], ['job/bundle.tgz'], ['job/*.tgz']])('reads the dumps of an archive: %s', async (name) => {
    const { code, stdout, stderr } = await runProgram([name], { cwd: folder });
    expect(stdout).toMatch(/^HANG/);
    expect(stdout).toContain('2 files hold no dump in any known format: job/bundle.tgz/a.py, job/bundle.tgz/b.py');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  test('reads one from standard input', async () => {
    const { stdout } = await runProgram([], { stdin: gzipSync(bytesOf(HUNG)) });
    expect(stdout).toMatch(/^HANG/);
  });

  test('goes on after a broken one, and says so alone where it is the only input', async () => {
    const beside = await runProgram(['broken.zip', 'job'], { cwd: folder });
    expect(beside.stdout).toMatch(/^HANG[\s\S]*broken\.zip: cannot be read: the zip archive is damaged/);
    const { code, stdout, stderr } = await runProgram(['broken.zip'], { cwd: folder });
    expect(stderr).toMatch(/^broken\.zip: cannot be read: the zip archive is damaged \(.*\)\n {2}Copy it again/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
