import { type DapMessage, type DapRecord, readDap, readMessage } from './_shared/gdb-dap.ts';
import { type Claim, defineTextParser, type Line } from './parser.ts';

// Written by `set debug dap-log-file`, or taken from the wire; gdb 14 and later.
// https://sourceware.org/git/?p=binutils-gdb.git;a=blob;f=gdb/python/lib/gdb/dap/server.py
export default defineTextParser({
  format: 'gdb-dap-log',
  tool: 'gdb',
  title: 'Debug Adapter Protocol: gdb’s `dap-log-file`, or the wire with `Content-Length`',
  begins: /(?:READ|WROTE): <|Content-Length: |\{"type":"/,
  opens: claim,
  parse({ source, lines }) {
    const skipped: Line[] = [];
    const records: DapRecord[] = [];
    for (const line of lines) {
      const value = readLine(line.text);
      if (value !== undefined) records.push({ value, line: line.number });
      else if (!CARRIER.test(line.text)) skipped.push(line);
    }
    return { processes: readDap(records, source, lines[0]?.number ?? 1), skipped };
  },
});

// 'WROTE: <<<{"type":"event","event":"initialized","seq":2}>>>'
const LOGGED = /^\s*(?:READ|WROTE): <<<(?=\{)/;
// "Content-Length: 1319"; on the wire the next one follows a message without a line end
const LENGTH = /^\s*Content-Length: \d{1,12}\s*$/;
const NEXT_LENGTH = /Content-Length: \d{1,12}$/;
// One line of the wire, without the length that stood before it
const ON_WIRE = /^\s*\{"type":"(?:response|event|request)"/;
// Lines that carry a message or nothing. gdb's log also tells what its threads do: "+++ run_gdb".
const CARRIER = /^\s*(?:Content-Length: \d{1,12}\s*)?$|^\s*(?:\+\+\+|---) |^\s*(?:(?:READ|WROTE): <<<)?\{"/;

function claim(lines: readonly Line[], at: number): Claim {
  const text = lines[at]?.text ?? '';
  if (LOGGED.test(text)) return 'certain';
  if (ON_WIRE.test(text) && NEXT_LENGTH.test(text.trimEnd())) return 'certain';
  if (!LENGTH.test(text)) return 'no';
  const below = lines.slice(at + 1, at + 4).find((line) => line.text.trim() !== '');
  return below?.text.trimStart().startsWith('{') ? 'certain' : 'no';
}

function readLine(text: string): DapMessage | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  const trimmed = text.trimEnd();
  const isLogged = LOGGED.test(text);
  const end = isLogged ? trimmed.lastIndexOf('>>>') : trimmed.length;
  const json = trimmed.slice(start, end < start ? trimmed.length : end).replace(NEXT_LENGTH, '');
  try {
    return readMessage(JSON.parse(json));
  } catch {
    return undefined;
  }
}
