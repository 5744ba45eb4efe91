import type { ThreadFacts } from '../analysis/facts.ts';
import type { Unseen } from '../model/diagnosis.ts';
import type { Step } from '../signatures/signature.ts';

/** What stands between a match and certainty, in words, with the command that would show it. */
export function whatIsUnseen(steps: readonly Step[], { thread, process, cut }: ThreadFacts): Unseen[] {
  const pid = process.pid ?? 'PID';
  const names = steps.length === 0 ? '' : ` (${steps.map(plainStep).join(', ')})`;
  const gdb = `gdb -p ${pid} -batch -ex 'thread apply all bt' > gdb.txt`;
  const { view } = thread;
  const unseen: Unseen[] = [];
  if (!view.native)
    unseen.push({ what: `this dump has no C frames, so the wait itself is inferred${names}`, command: gdb });
  else if (!view.interpreter)
    unseen.push({ what: `the interpreter's own C frames are not in this dump${names}`, command: gdb });
  if (!view.python)
    unseen.push({ what: `this dump has no Python frames${names}`, command: `py-spy dump --pid ${pid} > py-spy.txt` });
  if (cut) unseen.push({ what: 'the outer end of the stack is cut off', command: undefined });
  if (unseen.length === 0 && steps.length > 0)
    unseen.push({ what: `some frames have no name in this dump${names}`, command: gdb });
  return unseen;
}

/** "c:zmq::signaler_t::wait?" without its marks. */
function plainStep({ text }: Step): string {
  return text.replace(/^\^?(?:py:|c:|k:)?/, '').replace(/[?!$]+$/, '');
}
