import { BEGINS, claimGdb, SHELL_COMMAND } from './_shared/gdb-opening.ts';
import { toProcesses } from './_shared/gdb-processes.ts';
import { readSession } from './_shared/gdb-reader.ts';
import { defineTextParser } from './parser.ts';

// Printed by gdb/stack.c and gdb/thread.c; gdb 7 to 16 seen.
// https://sourceware.org/git/?p=binutils-gdb.git;a=blob;f=gdb/stack.c
export default defineTextParser({
  format: 'gdb-text',
  tool: 'gdb',
  title: 'gdb `bt`, `thread apply all bt`, `bt full`, `info threads`, `py-bt-full`',
  begins: BEGINS,
  holds: SHELL_COMMAND,
  opens: (lines, at) => claimGdb(lines, at, 'gdb-text'),
  parse({ source, lines }) {
    const { stops, skipped } = readSession(lines, source);
    return { processes: toProcesses(stops), skipped };
  },
});
