import { runTool, type Tool } from './tool.ts';

/** Python frames, native ones, and whether the collector runs. */
export const pystack: Tool = {
  probe: ['pystack', '--version'],
  async run(task) {
    const { sight, locals, mayPause } = task;
    const native = task.native && mayPause;
    const options = (withNative: boolean): string[] => [
      ...(withNative ? ['--native'] : []),
      ...(locals ? ['--locals'] : []),
      ...(mayPause ? [] : ['--no-block']),
    ];
    const command = ['pystack', 'remote', `${sight.pid}`];
    const printed = await runTool([...command, ...options(native)], task, { isDump });
    if (printed.text !== '' || !native || printed.ran.end !== 'exit') return printed;
    return runTool([...command, ...options(false)], task, { isDump });
  },
};

const isDump = (text: string): boolean => /^Traceback for thread /m.test(text);
