import { BEGINS_WITHOUT_FRAME, claimGdb, SHELL_COMMAND } from './_shared/gdb-opening.ts';
import { toProcesses } from './_shared/gdb-processes.ts';
import { readSession } from './_shared/gdb-reader.ts';
import { defineTextParser } from './parser.ts';

// Printed by CPython's helper for gdb; those of 2.7 to 3.13 seen.
// https://github.com/python/cpython/blob/main/Tools/gdb/libpython.py
export default defineTextParser({
  format: 'py-bt',
  tool: 'gdb',
  title: 'gdb `py-bt`, `thread apply all py-bt`',
  begins: BEGINS_WITHOUT_FRAME,
  holds: SHELL_COMMAND,
  opens: (lines, at) => claimGdb(lines, at, 'py-bt'),
  parse({ source, lines }) {
    const { stops, skipped } = readSession(lines, source);
    return { processes: toProcesses(stops), skipped };
  },
});
