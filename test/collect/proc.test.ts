import { expect, test } from 'vitest';
import { connectionsOf } from '../../src/collect/connections.ts';
import type { Host } from '../../src/collect/host.ts';
import { parseDistribution } from '../../src/collect/packages.ts';
import { parseSyscall } from '../../src/collect/syscalls.ts';

/** A host that has these files and runs nothing. */
function hostWith(files: Readonly<Record<string, string>>): Host {
  return {
    name: 'a test',
    isLocal: true,
    run: async () => ({ end: 'not-found', exitCode: undefined, stdout: '', stderr: '', milliseconds: 0 }),
    readFile: async (path) => files[path],
    readFiles: async (paths) => new Map(paths.flatMap((path) => (path in files ? [[path, files[path] ?? '']] : []))),
    readLink: async () => undefined,
    readLinks: async () => new Map(),
    listDir: async () => undefined,
  };
}

test('what sockets lead to', async () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (local: string, remote: string, state: string, queue: string, inode: number): string =>
    `   0: ${local} ${remote} ${state} ${queue} 00:00000000 00000000     0        0 ${inode} 1 00 100 0\n`;
  const quiet = '00000000:00000000';
  const found = await connectionsOf(
    7,
    hostWith({
      '/proc/7/net/tcp':
        head +
        line('0100007F:5341', '00000000:0000', '0A', quiet, 1) +
        line('0300000A:1267', '0500000A:1538', '01', '00000000:00000010', 2) +
        line('0300000A:1268', '0500000A:1538', '02', '00000001:00000000', 3),
      '/proc/7/net/tcp6':
        head +
        line('00000000000000000000000001000000:1F90', '00000000000000000000000000000000:0000', '0A', quiet, 4) +
        line('0000000000000000FFFF00000100007F:1F90', '0000000000000000FFFF00000200007F:9C40', '08', quiet, 5),
      '/proc/7/net/unix':
        'Num       RefCount Protocol Flags    Type St Inode Path\n00000000e3: 00000003 00000000 00000000 0001 03 6 /run/app.sock\n00000000e4: 00000003 00000000 00000000 0001 03 8\n',
    }),
  );
  expect(Object.fromEntries(found)).toEqual({
    1: 'TCP 127.0.0.1:21313 LISTEN',
    2: 'TCP 10.0.0.3:4711 -> 10.0.0.5:5432 ESTABLISHED, unread data',
    3: 'TCP 10.0.0.3:4712 -> 10.0.0.5:5432 SYN_SENT, unsent data',
    4: 'TCP [::1]:8080 LISTEN',
    5: 'TCP 127.0.0.1:8080 -> 127.0.0.2:40000 CLOSE_WAIT',
    6: 'unix socket /run/app.sock',
    8: 'unix socket',
  });
});

const zeros = ' 0x0'.repeat(5);

test.each([
  [`0 0x5 0x7f00 0x10${zeros}`, 'x86_64', { name: 'read', file: 5 }],
  [`63 0x5 0x7f00 0x10${zeros}`, 'aarch64', { name: 'read', file: 5 }],
  [
    `202 0x7f76e7774040 0x80 0x2${zeros}`,
    'x86_64',
    { name: 'futex', futex: { address: 0x7f76e7774040n, operation: 0 } },
  ],
  [`61 0xffffffffffffffff 0x0 0x0${zeros}`, 'x86_64', { name: 'wait4', child: -1 }],
  [`61 0x1079 0x0 0x0${zeros}`, 'x86_64', { name: 'wait4', child: 4217 }],
])('%s on %s', (text, machine, call) => {
  expect(parseSyscall(text, machine)).toMatchObject(call);
});

test.each([['running'], ['-1 0x7ffe 0x7f8c'], [''], [`9999 0x0 0x0 0x0${zeros}`]])(
  '%j is no call that is known',
  (text) => {
    expect(parseSyscall(text, 'x86_64')).toBe(undefined);
    expect(parseSyscall(text, 'riscv64')).toBe(undefined);
  },
);

test.each([
  ['pyzmq-22.3.0.dist-info', { name: 'pyzmq', version: '22.3.0' }],
  ['typing_extensions-4.15.0.dist-info', { name: 'typing-extensions', version: '4.15.0' }],
  ['torch-2.1.0+cu118.dist-info', { name: 'torch', version: '2.1.0+cu118' }],
  ['zope.event-4.6-py3.11.egg-info', { name: 'zope-event', version: '4.6' }],
  ['PyYAML-5.3.egg-info', { name: 'pyyaml', version: '5.3' }],
  ['pyzmq', undefined],
  ['odd $(touch x)-1.0.dist-info', undefined],
])('%s', (folder, distribution) => {
  expect(parseDistribution(folder)).toEqual(distribution);
});
