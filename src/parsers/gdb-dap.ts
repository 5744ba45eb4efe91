import { type DapMessage, readBareBody, readDap, readMessage } from './_shared/gdb-dap.ts';
import { defineJsonParser } from './parser.ts';

// Sent by gdb --interpreter=dap, gdb 14 and later: one message, a list of them, or the body of a stackTrace response.
// https://sourceware.org/git/?p=binutils-gdb.git;a=blob;f=gdb/python/lib/gdb/dap/bt.py
export default defineJsonParser({
  format: 'gdb-dap',
  tool: 'gdb',
  title: 'Debug Adapter Protocol: `stackTrace` and `threads` messages as JSON',
  accepts: (value) => readMessages(value) !== undefined,
  parse({ source, value, line }) {
    const records = (readMessages(value) ?? []).map((message) => ({ value: message, line }));
    return { processes: readDap(records, source, line), skipped: [] };
  },
});

/** Values in a list that are no messages are passed over, as long as one is. */
function readMessages(value: unknown): DapMessage[] | undefined {
  const found = (Array.isArray(value) ? value : [value]).flatMap(
    (one: unknown) => readMessage(one) ?? readBareBody(one) ?? [],
  );
  return found.length === 0 ? undefined : found;
}
