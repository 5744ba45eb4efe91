import type { Warning } from '../model/dump.ts';
import { STACK_TOOLS, type StackTool } from './available-tools.ts';
import type { CollectOptions, NamedText } from './collect.ts';
import { explainFailure } from './failures.ts';
import { isForbidden, refused } from './obstacles.ts';
import { measurePause } from './pause-meter.ts';
import type { Listed } from './processes.ts';
import type { Rights } from './rights.ts';
import { type Sight, sightOf, steadySightOf } from './sight.ts';
import { readProc } from './tools/proc.ts';

/** What is the same for all processes of a capture. */
export interface Surroundings {
  readonly all: readonly Listed[];
  readonly rights: Rights;
  readonly machine: string;
  readonly tools: ReadonlySet<StackTool>;
  readonly wantsProc: boolean;
  /** Processes of the capture. */
  readonly pids: ReadonlySet<number>;
}

/** One run of a tool, for the manifest. */
export interface Run {
  readonly pid: number;
  readonly tool: StackTool;
  readonly moment: number;
  readonly command: readonly string[];
  readonly seconds: number;
  readonly dump: boolean;
}

/** A process that is looked at. */
export class Target {
  readonly inputs: NamedText[] = [];
  readonly procs: NamedText[] = [];
  readonly warnings: Warning[] = [];
  readonly runs: Run[] = [];
  pausedMilliseconds = 0;
  readonly sight: Sight;
  readonly #around: Surroundings;
  readonly #options: CollectOptions;
  /** Tools that are not asked again: they failed, or held the process for long. */
  readonly #useless = new Set<StackTool>();

  constructor(sight: Sight, around: Surroundings, options: CollectOptions) {
    this.sight = sight;
    this.#around = around;
    this.#options = options;
  }

  /** Looks once with each tool that adds something. */
  async look(moment: number): Promise<void> {
    if (this.#options.signal?.aborted === true) return;
    const now = moment === 1 ? this.sight : await steadySightOf(this.sight.pid, this.#options.host);
    // It has ended, or the number is another process's by now: told in the end.
    if (now === undefined || now.started !== this.sight.started || now.state === 'Z') return;
    if (this.#around.wantsProc) await this.#readProc(now, moment);
    if (this.#isUntouchable()) return;
    const mayPause = this.#mayPause(now);
    if (this.#options.tools === undefined) await this.#useBest(now, moment, mayPause);
    else
      for (const tool of this.#around.tools)
        if (this.#has(tool) && (mayPause || canSpare(tool))) await this.#use(tool, now, moment, BOTH);
  }

  #isUntouchable(): boolean {
    if (isForbidden(this.sight, this.#around.rights)) {
      this.#warnOnce(refused(this.sight, this.#around.rights, this.#options.host));
      return true;
    }
    return this.sight.state === 'Z';
  }

  /** Python frames from the tool that holds the process least; native ones from gdb, once, since that holds it longest. */
  async #useBest(sight: Sight, moment: number, mayPause: boolean): Promise<void> {
    const debuggers = mayPause ? (['gdb', 'eu-stack'] as const).filter((tool) => this.#has(tool)) : [];
    const native = debuggers.length === 0 && mayPause;
    let python = false;
    if (sight.isPython !== false)
      for (const tool of ['py-spy', 'pystack'] as const)
        if (!python && this.#has(tool) && (mayPause || canSpare(tool)))
          python = await this.#use(tool, sight, moment, { native, python: true });
    if (python && moment > 1) return;
    for (const tool of debuggers)
      if (await this.#use(tool, sight, moment, { native: true, python: !python && sight.isPython !== false })) return;
  }

  #mayPause(sight: Sight): boolean {
    return this.#options.mayPause !== false && isPausable(sight);
  }

  #has(tool: StackTool): boolean {
    return this.#around.tools.has(tool) && !this.#useless.has(tool);
  }

  async #use(
    tool: StackTool,
    sight: Sight,
    moment: number,
    wanted: { readonly native: boolean; readonly python: boolean },
  ): Promise<boolean> {
    const { host, timeoutSeconds, signal, locals, onProgress } = this.#options;
    if (signal?.aborted === true) return false;
    const { pid } = sight;
    const task = { sight, host, timeoutSeconds, signal, locals, mayPause: this.#mayPause(sight), ...wanted };
    const { value: printed, milliseconds } = await measurePause(pid, host, () => STACK_TOOLS[tool].run(task));
    this.pausedMilliseconds += milliseconds;
    if (milliseconds > LONG_PAUSE_MILLISECONDS) this.#useless.add(tool);
    const dump = printed.text !== '';
    const seconds = printed.ran.milliseconds / 1000;
    this.runs.push({ pid, tool, moment, command: printed.command, seconds, dump });
    onProgress(`${pid}: ${tool} ${dump ? `took ${seconds.toFixed(1)} s` : 'got no stacks'}`);
    // What a tool printed until its time was over is worth reading, too.
    if (dump) this.inputs.push({ name: `${pid}/${tool}.${moment}.txt`, text: printed.text });
    if (printed.ran.end === 'aborted' || (dump && printed.ran.end === 'exit')) return dump;
    if (await this.#isGone()) return dump;
    this.#useless.add(tool);
    this.#warnOnce(explainFailure(tool, printed, { sight, rights: this.#around.rights, host, timeoutSeconds }));
    return dump;
  }

  async #isGone(): Promise<boolean> {
    const now = await sightOf(this.sight.pid, this.#options.host);
    return now === undefined || now.started !== this.sight.started || now.state === 'Z';
  }

  async #readProc(sight: Sight, moment: number): Promise<void> {
    const { host } = this.#options;
    const { all, machine, pids } = this.#around;
    const parent = all.find(({ pid }) => pid === sight.parentPid);
    const sameProgram =
      parent !== undefined &&
      sight.executable !== undefined &&
      (await host.readLink(`/proc/${parent.pid}/exe`)) === sight.executable;
    // A fork keeps the command line, too; a child that was started afresh nearly always has another.
    const isForked = sameProgram && parent.command.join('\0') === sight.command.join('\0');
    const tellsParent = sameProgram || pids.has(sight.parentPid);
    const text = await readProc(sight, { host, all, machine, whole: moment === 1, tellsParent, isForked });
    this.procs.push({ name: `${sight.pid}/proc.${moment}.txt`, text });
  }

  #warnOnce(warning: Warning): void {
    if (!this.warnings.some(({ code, source }) => code === warning.code && source === warning.source))
      this.warnings.push(warning);
  }
}

/** A tool that holds a process for longer does so once. */
const LONG_PAUSE_MILLISECONDS = 5000;

const BOTH = { native: true, python: true };

/** Tools that stop a process wait for all its threads; where one does not come, they would wait for ever. */
function isPausable({ state, tracer, threads }: Sight): boolean {
  return tracer === 0 && state !== 'T' && state !== 't' && !threads.some((thread) => thread.state === 'D');
}

/** Tools that can read a process without stopping it. */
function canSpare(tool: StackTool): boolean {
  return tool === 'py-spy' || tool === 'pystack';
}
