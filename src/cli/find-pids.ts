import type { Host } from '../collect/host.ts';
import { ancestorsOf, descendantsOf, type Listed, listProcesses, matchName } from '../collect/processes.ts';
import { showCommand } from '../collect/text.ts';
import { clean } from '../reporters/_shared/clean.ts';
import { InputError } from './input-error.ts';

const SHOWN = 8;

/** The process that a number or a name means; several where they are one tree, such as a server with its workers. */
export async function findPids(target: string, host: Host): Promise<readonly number[]> {
  if (/^\d{1,10}$/.test(target)) return [Number(target)];
  const all = await listProcesses(host);
  const own = host.isLocal ? ancestorsOf(process.pid, all) : new Set<number>();
  const found = matchName(target, all, own);
  const [first] = found;
  if (first === undefined)
    throw new InputError(`${JSON.stringify(target)}: no process goes by that name`, {
      hint: 'Give its number. See all Python processes with: pgrep -af python',
    });
  const pids = found.map(({ pid }) => pid);
  if (isTree(found, all)) return pids;
  const lines = found.slice(0, SHOWN).map(({ pid, command }) => `${pid}  ${clean(showCommand(command)).slice(0, 100)}`);
  throw new InputError(`${JSON.stringify(target)}: ${found.length} processes go by that name`, {
    hint: [
      ...lines,
      ...(found.length > SHOWN ? ['…'] : []),
      `Give the number of one: whyhung attach ${first.pid}`,
    ].join('\n'),
  });
}

/** One process, or one of them with all others below it. */
function isTree(found: readonly Listed[], all: readonly Listed[]): boolean {
  return found.some(({ pid }) => {
    const below = new Set(descendantsOf([pid], all).map((one) => one.pid));
    return found.every((one) => one.pid === pid || below.has(one.pid));
  });
}
