import { explainLine } from '../input/capture-errors.ts';
import type { Warning } from '../model/dump.ts';
import type { StackTool } from './available-tools.ts';
import type { Host } from './host.ts';
import { refused, warn } from './obstacles.ts';
import type { Rights } from './rights.ts';
import type { Sight } from './sight.ts';
import { oneLine } from './text.ts';
import type { Printed } from './tools/tool.ts';

/** Errors by which tools say that they were refused. */
const REFUSALS: ReadonlySet<string> = new Set([
  'yama-ptrace-scope',
  'container-without-ptrace',
  'no-ptrace-rights',
  'macos-needs-root',
]);

/** Remarks that tools make on the way, also where the dump is fine. */
const REMARKS: ReadonlySet<string> = new Set(['no-debug-symbols', 'py-bt-missing', 'libthread-db-missing']);

/** Why a tool printed no dump, and what to do about it. */
export function explainFailure(
  name: StackTool,
  { ran, text }: Printed,
  { sight, rights, host, timeoutSeconds }: { sight: Sight; rights: Rights; host: Host; timeoutSeconds: number },
): Warning {
  const { pid } = sight;
  const source = `${name} on process ${pid}`;
  if (ran.end === 'timeout')
    return {
      ...warn(
        'tool-timeout',
        pid,
        `did not end within ${timeoutSeconds} s, and was ended${text === '' ? '' : '; what it had printed by then was read'}`,
        'Give it more time with --timeout SECONDS, or leave it out: --tools py-spy,proc',
      ),
      source,
    };
  if (ran.end === 'too-much')
    return { ...warn('tool-failed', pid, 'printed more than can be read', undefined), source };
  if (ran.end === 'not-found')
    return { ...warn('tool-not-found', pid, 'cannot be run any more: was it removed?', undefined), source };
  const said = `${ran.stderr}\n${text === '' ? ran.stdout : ''}`.split('\n').filter((line) => line.trim() !== '');
  const explained = said.flatMap((line) => explainLine(line) ?? []).filter(({ code }) => !REMARKS.has(code));
  if (explained.some(({ code }) => REFUSALS.has(code))) return refused(sight, rights, host);
  const [first] = explained;
  if (first !== undefined) return { ...first, hint: first.hint.replaceAll('PID', `${pid}`), source, line: undefined };
  const last = oneLine(said.at(-1) ?? '').slice(0, 200);
  return {
    ...warn(
      'tool-failed',
      pid,
      `printed no stacks (exit code ${ran.exitCode ?? 'unknown'}${last === '' ? '' : `: ${last}`})`,
      'Try again; if it stays so, run the tool by itself and see what it says.',
    ),
    source,
  };
}
