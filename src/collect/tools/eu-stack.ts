import { runTool, type Tool } from './tool.ts';

/** Native frames of all threads, from elfutils: for where there is no gdb. */
export const euStack: Tool = {
  probe: ['eu-stack', '--version'],
  run: (task) =>
    runTool(['eu-stack', '-n', '4000', '-p', `${task.sight.pid}`], task, { isDump: (text) => /^#0 /m.test(text) }),
};
