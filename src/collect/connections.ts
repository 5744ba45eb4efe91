import type { Host } from './host.ts';

/** What the sockets of a process are connected to, by their inode. */
export async function connectionsOf(pid: number, host: Host): Promise<ReadonlyMap<string, string>> {
  const folder = `/proc/${pid}/net`;
  const texts = await host.readFiles(['tcp', 'tcp6', 'udp', 'udp6', 'unix'].map((name) => `${folder}/${name}`));
  const found = new Map<string, string>();
  for (const name of ['tcp', 'tcp6', 'udp', 'udp6'])
    for (const line of linesOf(texts.get(`${folder}/${name}`))) {
      const one = parseInet(line, name.replace('6', '').toUpperCase());
      if (one !== undefined) found.set(one.inode, one.says);
    }
  for (const line of linesOf(texts.get(`${folder}/unix`))) {
    const one = UNIX.exec(line)?.groups;
    if (one?.inode !== undefined) found.set(one.inode, `unix socket${one.path ? ` ${one.path}` : ''}`);
  }
  return found;
}

function linesOf(text: string | undefined): string[] {
  return text?.split('\n').slice(1) ?? [];
}

// "   0: 0100007F:5341 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 63935 1 …"
const INET =
  /^\s*\d+: (?<local>[0-9A-F]+:[0-9A-F]{4}) (?<remote>[0-9A-F]+:[0-9A-F]{4}) (?<state>[0-9A-F]{2}) (?<unsent>[0-9A-F]+):(?<unread>[0-9A-F]+) \S+ \S+\s+\d+\s+\d+ (?<inode>\d+) /;

// "00000000e369dd69: 00000003 00000000 00000000 0001 03 64723 /run/app.sock"
const UNIX = /^[0-9a-f]+: \S+ \S+ \S+ \S+ \S+ +(?<inode>\d+)(?: (?<path>.*))?$/;

const STATES: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
};

function parseInet(line: string, protocol: string): { inode: string; says: string } | undefined {
  const found = INET.exec(line)?.groups;
  if (found?.inode === undefined) return undefined;
  const local = showAddress(found.local ?? '');
  const state = STATES[found.state ?? ''] ?? '';
  const queues = [
    ...(Number.parseInt(found.unsent ?? '0', 16) > 0 && state !== 'LISTEN' ? ['unsent data'] : []),
    ...(Number.parseInt(found.unread ?? '0', 16) > 0 && state !== 'LISTEN' ? ['unread data'] : []),
  ];
  const to = state === 'LISTEN' || /^0+:0000$/.test(found.remote ?? '') ? '' : ` -> ${showAddress(found.remote ?? '')}`;
  const shown = protocol === 'UDP' ? '' : ` ${state}`;
  return { inode: found.inode, says: [`${protocol} ${local}${to}${shown}`, ...queues].join(', ') };
}

/** "0100007F:5341" is 127.0.0.1:21313: each group of 4 bytes stands in the order of the machine, little-endian nearly everywhere. */
function showAddress(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const where = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.map((byte) => Number.parseInt(byte, 16)).join('.')}:${where}`;
  // An IPv4 address in IPv6 clothes.
  if (/^0{20}FFFF$/.test(bytes.slice(0, 12).join('')))
    return `${bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')}:${where}`;
  const words = (bytes.join('').match(/.{4}/g) ?? []).map((word) => word.replace(/^0{1,3}/, '').toLowerCase());
  return `[${words.join(':').replace(/(?:^|:)(?:0(?::|$)){2,}/, '::')}]:${where}`;
}
