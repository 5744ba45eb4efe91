import { type MiRecord, readMi } from './_shared/gdb-mi-session.ts';
import { readCString, readResults } from './_shared/gdb-mi-value.ts';
import { type Claim, defineTextParser, type Line } from './parser.ts';

// Printed by gdb --interpreter=mi2 or mi3; gdb 13 and 16 seen.
// https://sourceware.org/gdb/current/onlinedocs/gdb.html/GDB_002fMI-Output-Syntax.html
export default defineTextParser({
  format: 'gdb-mi',
  tool: 'gdb',
  title: 'GDB/MI: `-stack-list-frames`, `-thread-info`, console text in `~"…"`',
  begins: /(?:\d+: \(\d+\) )?(?:->|<-)?\d*(?:\^[a-z]+,|\*[a-z]+,|=[a-z]+-|~")/,
  mayBegin: /(?:\d+: \(\d+\) )?(?:->|<-)?\d*[\^@&-]/,
  opens: (lines, at) => claim(lines[at]?.text ?? ''),
  parse({ source, lines }) {
    const skipped: Line[] = [];
    const records: MiRecord[] = [];
    for (const { text, line } of joinCut(lines)) {
      const record = readLine(text, line);
      if (record !== undefined) records.push(record);
      else if (text.trim() !== '') skipped.push(line);
    }
    const read = readMi(records, source, lines[0]?.number ?? 1);
    const unused = [...skipped, ...read.skipped].sort((one, other) => one.number - other.number);
    return { processes: read.processes, skipped: unused };
  },
});

// "1005^done,stack=[..]", "=thread-created,id="1"", "*stopped,..", "~"text""; Visual Studio Code's log puts
// "1: (7300) <-" before what gdb says and "->" before what it is told.
const LEAD = /^\s*(?:\d+: \(\d+\) )?(?:->|<-)?(?=\d*[\^*=~@&-])/;
const RECORD = /^(\d*)(\^|\*|=)([a-z][a-z-]*)(?:,|$)/;
const CONSOLE = /^([~@&])"/;
const COMMAND = /^(\d*)(-[a-z][a-z-]*(?: .*)?)$/;
const PROMPT = /^\(gdb\)\s*$/;
const CERTAIN =
  /^\d*(?:\^(?:done|running|connected|error),[a-z-]+=|\*(?:stopped|running),[a-z-]+=|=(?:thread|library|breakpoint|cmd)-[a-z-]+,[a-z-]+=|~".*"$)/;
const LIKELY = /^\d*(?:\^done$|-(?:thread|stack)-[a-z-]+\b|[@&]".*"$)/;

function claim(printed: string): Claim {
  const lead = LEAD.exec(printed);
  if (lead === null) return 'no';
  const text = printed.slice(lead[0].length).trimEnd();
  if (CERTAIN.test(text)) return 'certain';
  return LIKELY.test(text) ? 'likely' : 'no';
}

/** A terminal cuts the long lines of MI: what begins no record goes on with the one before. */
function joinCut(lines: readonly Line[]): { text: string; line: Line }[] {
  const joined: { parts: string[]; line: Line }[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    const begins = LEAD.test(line.text) || PROMPT.test(line.text) || line.text.trim() === '';
    const isCut =
      last !== undefined && /^\s*\d*[\^*=]/.test(last.parts[0] ?? '') && !/["\]}]$/.test(last.parts.at(-1) ?? '');
    if (!begins && isCut) last.parts.push(line.text);
    else joined.push({ parts: [line.text], line });
  }
  return joined.map(({ parts, line }) => ({ text: parts.join(''), line }));
}

function readLine(printed: string, line: Line): MiRecord | undefined {
  const known = { line, token: undefined, name: '', payload: undefined };
  if (PROMPT.test(printed)) return { ...known, kind: 'other' };
  const text = printed.slice(LEAD.exec(printed)?.[0].length ?? 0);
  const [head, digits, sign, name = ''] = RECORD.exec(text) ?? [];
  if (head !== undefined) {
    const token = digits === '' ? undefined : digits;
    return { kind: sign === '^' ? 'result' : 'notify', name, payload: readResults(text, head.length), token, line };
  }
  const stream = CONSOLE.exec(text)?.[1];
  if (stream !== undefined)
    return { ...known, kind: stream === '~' ? 'console' : 'other', payload: readCString(text, 1) };
  const [, token, command] = COMMAND.exec(text) ?? [];
  return command === undefined ? undefined : { ...known, kind: 'command', payload: command, token: token || undefined };
}
