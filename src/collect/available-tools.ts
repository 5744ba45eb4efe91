import type { Warning } from '../model/dump.ts';
import type { Host } from './host.ts';
import { warn } from './obstacles.ts';
import { euStack } from './tools/eu-stack.ts';
import { gdb } from './tools/gdb.ts';
import { pySpy } from './tools/py-spy.ts';
import { pystack } from './tools/pystack.ts';
import type { Tool } from './tools/tool.ts';

/** Programs that print stacks, those that hold the process for the shortest time first. */
export const STACK_TOOLS = { 'py-spy': pySpy, pystack, gdb, 'eu-stack': euStack } as const;
export type StackTool = keyof typeof STACK_TOOLS;

export const STACK_TOOL_NAMES: readonly StackTool[] = ['py-spy', 'pystack', 'gdb', 'eu-stack'];

const INSTALL: Readonly<Record<StackTool, string>> = {
  'py-spy': 'pip install py-spy',
  pystack: 'pip install pystack',
  gdb: 'apt install gdb   (or: dnf install gdb, apk add gdb)',
  'eu-stack': 'apt install elfutils   (or: dnf install elfutils, apk add elfutils)',
};

export interface Available {
  /** "py-spy 0.4.2", by the tool. */
  readonly versions: ReadonlyMap<StackTool, string>;
  readonly warnings: readonly Warning[];
}

/** Asks which tools are there. With none, everything else is moot. */
export async function findTools(wanted: readonly StackTool[] | undefined, host: Host): Promise<Available> {
  const asked = wanted ?? STACK_TOOL_NAMES;
  const answers = await Promise.all(
    asked.map(async (name) => ({ name, version: await versionOf(STACK_TOOLS[name], host) })),
  );
  const versions = new Map(
    answers.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version] as const])),
  );
  const missing = answers.flatMap(({ name, version }) => (version === undefined ? [name] : []));
  // The alternatives are not missed where the first choice is there, nor are they what to install first.
  const missed = wanted === undefined ? missing.filter((name) => isMissed(name, versions)) : missing;
  return { versions, warnings: missed.map((name) => notThere(name, host)) };
}

const PROBE_SECONDS = 20;

async function versionOf({ probe }: Tool, host: Host): Promise<string | undefined> {
  const [command = '', ...args] = probe;
  const { end, exitCode, stdout } = await host.run(command, args, { timeoutSeconds: PROBE_SECONDS });
  // A program that prints no version, or does not come back, is none that can be used.
  if (end !== 'exit' || exitCode !== 0) return undefined;
  return stdout.split('\n')[0]?.trim() ?? '';
}

function isMissed(name: StackTool, versions: ReadonlyMap<StackTool, string>): boolean {
  if (name === 'py-spy') return !versions.has('pystack');
  return name === 'gdb' && !versions.has('eu-stack');
}

const SHOWS: Readonly<Record<StackTool, string>> = {
  'py-spy': 'Python frames',
  pystack: 'Python and native frames',
  gdb: 'native frames of all threads',
  'eu-stack': 'native frames of all threads',
};

function notThere(name: StackTool, host: Host): Warning {
  const where = host.isLocal ? 'here' : `where "${host.name}" leads`;
  return warn(
    'tool-not-found',
    undefined,
    `${name} is not installed ${where}: it would show ${SHOWS[name]}`,
    `Install it${host.isLocal ? '' : ' there'}: ${INSTALL[name]}. With sudo keep the path: sudo env "PATH=$PATH" whyhung attach PID`,
  );
}
