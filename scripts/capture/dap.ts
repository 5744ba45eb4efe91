import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { CACHE } from './recipe.ts';
import type { Scrub } from './scrub.ts';

export type DapForm = 'wire' | 'log' | 'json';

const messageSchema = z.looseObject({
  type: z.string(),
  command: z.string().optional(),
  event: z.string().optional(),
  request_seq: z.number().optional(),
  success: z.boolean().optional(),
  message: z.string().optional(),
});
type Message = z.infer<typeof messageSchema>;

interface Entry {
  readonly from: 'client' | 'gdb';
  readonly message: Message;
}

const threadsSchema = z.object({ threads: z.array(z.object({ id: z.number() })) });

/** Needs gdb 14 or later: CAPTURE_DAP_GDB names one where the system's is older. */
export async function captureDap(pid: number, { form, scrub }: { form: DapForm; scrub: Scrub }): Promise<string> {
  const session = startSession();
  try {
    await session.ask('initialize', {
      clientID: 'capture',
      adapterID: 'gdb',
      linesStartAt1: true,
      columnsStartAt1: true,
    });
    // gdb 14 and 15 answer attach at once, later ones only after configurationDone.
    const attached = session.ask('attach', { pid });
    await session.ask('configurationDone', {});
    await attached;
    const { threads } = threadsSchema.parse((await session.ask('threads', {})).body);
    for (const { id } of threads) await session.ask('stackTrace', { threadId: id });
    await session.ask('disconnect', { terminateDebuggee: false });
  } finally {
    session.end();
  }
  // Scrubbed before framing, so that Content-Length stays true.
  const entries = z
    .array(z.object({ from: z.enum(['client', 'gdb']), message: messageSchema }))
    .parse(JSON.parse(scrub(JSON.stringify(session.entries))));
  return FORMS[form](entries);
}

const FORMS: Readonly<Record<DapForm, (entries: readonly Entry[]) => string>> = {
  wire: (entries) =>
    entries
      .filter(({ from }) => from === 'gdb')
      .map(({ message }) => frame(message))
      .join(''),
  log: (entries) =>
    entries
      .map(({ from, message }) => `${from === 'gdb' ? 'WROTE' : 'READ'}: <<<${JSON.stringify(message)}>>>\n`)
      .join(''),
  json: (entries) =>
    `${JSON.stringify(
      entries.map(({ message }) => message),
      undefined,
      1,
    )}\n`,
};

function frame(message: unknown): string {
  const text = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function startSession() {
  const own = join(CACHE, 'gdb/bin/gdb');
  const gdb = process.env.CAPTURE_DAP_GDB ?? (existsSync(own) ? own : 'gdb');
  const child = execa(gdb, ['-nx', '-q', '-i=dap'], { encoding: 'buffer', reject: false, timeout: 180_000 });
  const entries: Entry[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  let received = Buffer.alloc(0);
  let sequence = 0;

  child.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let next = takeMessage(received); next !== undefined; next = takeMessage(received)) {
      received = next.rest;
      entries.push({ from: 'gdb', message: next.message });
      waiting.get(next.message.request_seq ?? -1)?.(next.message);
    }
  });
  return {
    entries,
    async ask(command: string, parameters: object): Promise<Message> {
      const request = { seq: ++sequence, type: 'request', command, arguments: parameters };
      entries.push({ from: 'client', message: request });
      const answer = new Promise<Message>((resolve, reject) => {
        waiting.set(request.seq, resolve);
        void child.then(({ exitCode }) =>
          reject(new Error(`gdb ended before it answered ${command} (exit code ${exitCode})`)),
        );
      });
      child.stdin.write(frame(request));
      const message = await answer;
      if (message.success === false) throw new Error(`gdb refused ${command}: ${message.message}`);
      return message;
    },
    end: () => child.stdin.end(),
  };
}

function takeMessage(received: Buffer): { message: Message; rest: Buffer<ArrayBuffer> } | undefined {
  const header = /^Content-Length: (\d+)\r\n\r\n/.exec(received.subarray(0, 64).toString('latin1'));
  if (header === null) return undefined;
  const start = header[0].length;
  const end = start + Number(header[1]);
  if (received.length < end) return undefined;
  return {
    message: messageSchema.parse(JSON.parse(received.subarray(start, end).toString())),
    rest: Buffer.from(received.subarray(end)),
  };
}
