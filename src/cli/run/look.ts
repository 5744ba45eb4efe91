import type { ProcessEntry } from '../../collect/supervise/process-table.ts';
import { examine } from '../examine.ts';
import type { Io } from '../io.ts';
import { renderFile, renderReport } from '../report.ts';
import type { ReportFolder } from '../report-folder.ts';
import type { RunOptions } from '../run-command.ts';

export interface LookOptions {
  readonly options: RunOptions;
  readonly folder: ReportFolder | undefined;
  readonly io: Io;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
  /** Leave programs alone that only wait for work. */
  readonly sparesIdle: boolean;
}

/** Captures, diagnoses and reports. Returns whether the processes may go on. */
export async function look(
  processes: readonly ProcessEntry[],
  { options, folder, io, tell, signal, sparesIdle }: LookOptions,
): Promise<boolean> {
  const { diagnosis, dumps } = await examine(processes, {
    moments: options.moments,
    between: options.interval,
    onProgress: options.verbose ? tell : () => {},
    signal,
  });
  if (sparesIdle && diagnosis.verdict === 'healthy') {
    tell('all of it waits for work as idle programs do; it goes on');
    return true;
  }
  // Written first: standard error may be a pipe that nobody reads, which may be the reason of it all.
  if (folder !== undefined) {
    const trouble = await folder.write(
      new Map([
        ['report.txt', renderFile(diagnosis, 'text')],
        ['report.json', renderFile(diagnosis, 'json')],
        ['processes.txt', listProcesses(processes)],
        ...[...dumps].map(([name, text]) => [`dumps/${name}`, text] as const),
      ]),
    );
    tell(trouble ?? `report and dumps are in ${folder.path}`);
  }
  io.shared.write(renderReport(options, diagnosis, { output: io.shared, env: io.env }));
  return false;
}

function listProcesses(processes: readonly ProcessEntry[]): string {
  const rows = processes.map(({ pid, parentPid, state, cpuSeconds, name }) =>
    [`${pid}`.padStart(8), `${parentPid}`.padStart(8), state.padEnd(5), cpuSeconds.toFixed(2).padStart(9), name].join(
      ' ',
    ),
  );
  return `${['     pid   parent state     cpu s name', ...rows].join('\n')}\n`;
}
