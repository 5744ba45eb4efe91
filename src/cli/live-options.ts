import { type Command, InvalidArgumentError } from 'commander';
import { type CollectOptions, TOOLS, type ToolName } from '../collect/collect.ts';
import type { Host } from '../collect/host.ts';
import { localHost } from '../collect/local-host.ts';
import { remoteHost, whyUnreachable } from '../collect/remote-host.ts';
import { splitWords } from '../collect/words.ts';
import { InputError } from './input-error.ts';
import { countFrom } from './number-options.ts';

/** How to look at a live process. As commander fills them in. */
export interface LiveOptions {
  readonly tools: readonly ToolName[] | undefined;
  readonly moments: number;
  readonly interval: number;
  readonly subprocesses: boolean;
  readonly locals: boolean;
  readonly pause: boolean;
  readonly timeout: number;
  readonly via: string | undefined;
}

export function addLiveOptions(command: Command): Command {
  return command
    .option('--subprocesses', 'also all processes below it', false)
    .option('--locals', 'values of variables, which may hold secrets', false)
    .option('--no-pause', 'never hold the process still: Python frames and /proc alone')
    .option('--moments <number>', 'times to look; two tell stuck from moving', countFrom(1, 20), 2)
    .option('--interval <seconds>', 'from one moment to the next', secondsUpTo(3600), 3)
    .option('--tools <names>', `only these, with commas between: ${TOOLS.join(', ')} (default: what is there)`, toTools)
    .option('--timeout <seconds>', 'for each run of a tool', secondsUpTo(3600), 30)
    .option('--via <command>', "run the tools behind it: 'kubectl exec POD --', 'docker exec NAME', 'ssh HOST'");
}

export async function hostFor({ via }: LiveOptions): Promise<Host> {
  if (via === undefined) return localHost();
  const words = splitWords(via);
  if ('problem' in words)
    throw new InputError(`--via ${JSON.stringify(via)}: ${words.problem}`, {
      hint: "Give the command that the tools are to be run behind: --via 'kubectl exec POD --'",
    });
  const host = remoteHost(words);
  const problem = await whyUnreachable(host);
  if (problem === undefined) return host;
  throw new InputError(`--via ${JSON.stringify(via)}: leads nowhere (${problem})`, {
    hint: `Try it by hand: ${host.name} echo whyhung`,
  });
}

export function toCollectOptions(
  { tools, moments, interval, subprocesses, locals, pause, timeout }: LiveOptions,
  rest: Pick<CollectOptions, 'host' | 'onProgress' | 'signal'>,
): CollectOptions {
  return {
    tools,
    moments,
    intervalSeconds: interval,
    subprocesses,
    locals,
    mayPause: pause,
    timeoutSeconds: timeout,
    ...rest,
  };
}

function secondsUpTo(most: number): (text: string) => number {
  return (text) => {
    const seconds = Number(text);
    if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > most)
      throw new InvalidArgumentError(`Give seconds, from 0 to ${most}.`);
    return seconds;
  };
}

function toTools(text: string): readonly ToolName[] {
  return text.split(',').map((name) => {
    const found = TOOLS.find((tool) => tool === name.trim());
    if (found === undefined) throw new InvalidArgumentError(`Known: ${TOOLS.join(', ')}.`);
    return found;
  });
}
