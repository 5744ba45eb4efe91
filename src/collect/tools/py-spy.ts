import { type Printed, runTool, type Task, type Tool } from './tool.ts';

/** Python frames, and native ones woven in; reads the memory of the process and holds it for milliseconds. */
export const pySpy: Tool = {
  probe: ['py-spy', '--version'],
  async run(task) {
    // Weaving native frames in fails now and then; the Python frames alone can be had nearly always.
    // Native frames need the process to stand still, and what runs on may change while it is read.
    const tries = !task.mayPause ? [false, false, false] : task.native ? [true, false] : [false, false];
    let printed: Printed | undefined;
    for (const native of tries) {
      printed = await runTool(commandFor(task, native), task, { isDump });
      if (printed.text !== '' || !isWorthAnotherTry(printed)) return printed;
    }
    return printed ?? runTool(commandFor(task, false), task, { isDump });
  },
};

function commandFor({ sight, locals, mayPause }: Task, native: boolean): string[] {
  return [
    'py-spy',
    'dump',
    '--pid',
    `${sight.pid}`,
    ...(native ? ['--native'] : []),
    ...(locals ? ['--locals'] : []),
    ...(mayPause ? [] : ['--nonblocking']),
  ];
}

const isDump = (text: string): boolean => /^Thread /m.test(text);

/** A process that runs on may change while it is read; one that may not be read, or is gone, stays so. */
function isWorthAnotherTry({ ran }: Printed): boolean {
  return (
    ran.end === 'exit' && !/permission|not permitted|No such (?:process|file)|Unsupported version/i.test(ran.stderr)
  );
}
