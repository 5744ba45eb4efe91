import { BRACKETED } from '../_shared/kernel-frames.ts';
import { defineTextParser } from '../parser.ts';
import { parsePath, STATE } from './lines.ts';
import { readProc } from './reader.ts';

/**
 * Files of /proc/PID and /proc/PID/task/TID: stack, wchan, syscall, status, comm; pasted behind their paths, with the
 * path on each line (`grep .`), or bare. Printed by fs/proc/base.c and fs/proc/array.c of Linux; innermost first.
 */
export default defineTextParser({
  format: 'proc',
  tool: '/proc',
  title: 'Linux /proc: `stack`, `wchan`, `syscall`, `status`',
  begins: /\[|(?:==> )?(?:\S*[$#%>]\s+)?(?:sudo )?(?:(?:cat|head|tail|grep \S+)\s+)?\/proc\/\d/,
  mayBegin: /State:|Name:/,
  opens(lines, at) {
    const text = lines[at]?.text ?? '';
    if (parsePath(text) !== undefined || BRACKETED.test(text)) return 'certain';
    return STATE.test(text) || /^\s*Name:\t/.test(text) ? 'likely' : 'no';
  },
  parse: readProc,
});
