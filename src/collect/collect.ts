import type { Warning } from '../model/dump.ts';
import { findTools, STACK_TOOL_NAMES, type StackTool } from './available-tools.ts';
import type { Host } from './host.ts';
import { obstaclesOf, whyNotThere } from './obstacles.ts';
import { pause } from './pause.ts';
import { descendantsOf, listProcesses } from './processes.ts';
import { checkAfter } from './recovery.ts';
import { rightsAt } from './rights.ts';
import { type Sight, steadySightOf } from './sight.ts';
import { type Run, type Surroundings, Target } from './target.ts';

export const TOOLS = [...STACK_TOOL_NAMES, 'proc'] as const;
export type ToolName = StackTool | 'proc';

export interface CollectOptions {
  /** `undefined`: all that are installed, as far as they add something. */
  readonly tools: readonly ToolName[] | undefined;
  /** Times to look; two tell stuck from moving. */
  readonly moments: number;
  readonly intervalSeconds: number;
  /** Also all processes below those given. */
  readonly subprocesses: boolean;
  /** Values of variables, which may hold secrets. */
  readonly locals: boolean;
  /** Whether tools may hold the processes still; without, frames of Python alone can be had, and may be torn. Default true. */
  readonly mayPause?: boolean | undefined;
  /** Of each run of a tool. */
  readonly timeoutSeconds: number;
  readonly host: Host;
  /** Told what happens, a line each. */
  readonly onProgress: (line: string) => void;
  /** Ends the capture early; what was taken until then is returned, and the processes run on. */
  readonly signal?: AbortSignal | undefined;
}

export interface NamedText {
  /** `8412/py-spy.1.txt`: process, tool, moment. */
  readonly name: string;
  readonly text: string;
}

export interface Collected {
  readonly inputs: readonly NamedText[];
  readonly warnings: readonly Warning[];
  /** For how long tools held a process still, in all; the longest of several. `undefined` where no tool ran. */
  readonly pausedMilliseconds: number | undefined;
  /** What was run, for a manifest. */
  readonly runs: readonly Run[];
  /** "py-spy 0.4.2", by the tool. */
  readonly versions: ReadonlyMap<string, string>;
  readonly processes: readonly Sight[];
  /** Where the processes are. */
  readonly hostName: string;
}

/** Processes that are looked at side by side: a tool needs a processor of its own. */
const AT_ONCE = 2;

/** Takes dumps of live processes. Changes nothing in them, and leaves them running. */
export async function collect(pids: readonly number[], options: CollectOptions): Promise<Collected> {
  const { host, moments, intervalSeconds, signal } = options;
  const [rights, all, { hostName, machine }, available] = await Promise.all([
    rightsAt(host),
    listProcesses(host),
    machineOf(host),
    findTools(stackTools(options.tools), host),
  ]);
  const wanted = [...new Set(pids)];
  const below = options.subprocesses ? descendantsOf(wanted, all).filter(({ state }) => state !== 'Z') : [];
  const everyone = [...wanted, ...below.map(({ pid }) => pid)];
  const warnings: Warning[] = [];
  const targets: Target[] = [];
  const around: Surroundings = {
    all,
    rights,
    machine,
    tools: new Set(available.versions.keys()),
    wantsProc: options.tools === undefined || options.tools.includes('proc'),
    pids: new Set(everyone),
  };
  for (const pid of everyone) {
    const sight = await steadySightOf(pid, host);
    if (sight !== undefined) {
      warnings.push(...obstaclesOf(sight, all));
      targets.push(new Target(sight, around, options));
    } else if (wanted.includes(pid)) warnings.push(await whyNotThere(pid, all, host, rights));
  }
  if (targets.length > 0) warnings.push(...available.warnings);
  try {
    let last = performance.now();
    for (let moment = 1; moment <= moments; moment += 1) {
      if (moment > 1) await pause(Math.max(left(intervalSeconds, last), Math.min(1, intervalSeconds)), signal);
      last = performance.now();
      await inTurns(targets, (target) => target.look(moment));
    }
  } finally {
    for (const { sight, runs, warnings: own } of targets)
      warnings.push(...own, ...(await checkAfter(sight, host, { mayResume: runs.some(({ dump }) => !dump) })));
  }
  const runs = targets.flatMap((target) => target.runs);
  return {
    // What /proc tells comes last: names and states of the other tools say more.
    inputs: [...targets.flatMap((target) => target.inputs), ...targets.flatMap((target) => target.procs)],
    warnings,
    pausedMilliseconds: runs.length === 0 ? undefined : Math.max(...targets.map((one) => one.pausedMilliseconds)),
    runs,
    versions: available.versions,
    processes: targets.map(({ sight }) => sight),
    hostName,
  };
}

/** Of an interval: a debugger's work is part of it. Still, a process that was held must have time to move. */
function left(seconds: number, since: number): number {
  return seconds - (performance.now() - since) / 1000;
}

function stackTools(tools: readonly ToolName[] | undefined): readonly StackTool[] | undefined {
  return tools === undefined ? undefined : STACK_TOOL_NAMES.filter((name) => tools.includes(name));
}

async function machineOf(host: Host): Promise<{ hostName: string; machine: string }> {
  const { stdout } = await host.run('uname', ['-n', '-m'], { timeoutSeconds: 20 });
  const [hostName = '', machine = ''] = stdout.trim().split(/\s+/);
  return { hostName, machine };
}

async function inTurns(targets: readonly Target[], work: (target: Target) => Promise<void>): Promise<void> {
  const queue = [...targets];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
