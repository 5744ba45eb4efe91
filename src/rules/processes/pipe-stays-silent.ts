import { isAtWork } from '../../analysis/at-work.ts';
import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { isUserCode } from '../../frames/user-code.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'pipe-stays-silent',
  cause: 'lost-worker',
  library: undefined,
  title: 'the program reads from a pipe, and whoever has the other end sends nothing',
  summary:
    'Code of the program itself waits in os.read(). The process at the other end has died, is stuck, or has nothing to say; and as long as anybody holds the writing end open, the end of the file does not come either.',
  explanation:
    'A pipe comes to its end when the last copy of its writing end is closed. After a fork there are more copies than one thinks: the reader itself, and every child that was started since, hold one. The writer may end, and the reader still waits for ever. It goes well as long as the message is complete before the reader looks for the end.',
  general: true,
  signatures: [],
  match,
  needs: [
    'the C frames: py-spy dump --native --pid PID, or gdb; py-bt and pystack print the source line',
    'what the file is: ls -l /proc/PID/fd',
  ],
  notWhen: [
    'it reads from a terminal: then it waits for a person',
    'it reads events that come now and then: inotify, signalfd, a wake-up pipe',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See what the file is, and which processes have its other end.',
      command: "lsof -nP -p PID | grep -E 'FIFO|pipe'; ps -o pid,stat,etime,args --ppid PID",
    },
    {
      kind: 'fix',
      step: 'Close the writing end in the reader right after the fork, and wait for the child as well as for its answer.',
    },
    {
      kind: 'prevent',
      step: 'Let subprocess or multiprocessing make the pipes, which close what each side does not need; read with select() and a limit.',
    },
    { kind: 'verify', step: 'With the writer killed the read returns at once, with the end of the file.' },
  ],
  references: [
    {
      title: 'Bogdanp/dramatiq#707',
      url: 'https://github.com/Bogdanp/dramatiq/pull/707',
      establishes:
        'the parent kept the writing ends of its workers open, and never saw the end of a killed one; mended in 2025 by closing them after the fork',
    },
    {
      title: 'python/cpython#118981',
      url: 'https://github.com/python/cpython/issues/118981',
      establishes:
        'multiprocessing kept the ends of a spawned child open while it wrote to it, and hung when the child crashed; fixed in September 2025',
    },
    {
      title: 'pipe(7)',
      url: 'https://man7.org/linux/man-pages/man7/pipe.7.html',
      establishes: 'a read sees the end of the file only when all file descriptors of the writing end are closed',
    },
  ],
});

function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    if (!readsFile(sample) || isAtWork(sample) || sample.thread.idleAs !== undefined) continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) => witness(thread, thread.thread.wait?.says ?? 'waits for data to read')),
    };
  }
}

const READS = /^(?:os_read|os_read_impl|posix_read)$/;

/** os.read() called by the program itself: by its C frames, by the built-in that py-bt names, or by the source line. */
function readsFile({ thread: { wait }, frames }: ThreadFacts): boolean {
  const python = frames.findIndex(({ frame }) => frame.language === 'python');
  const caller = frames[python];
  if (caller === undefined || !isUserCode(caller.frame) || wait?.kind !== 'read' || wait.target === 'file 0')
    return false;
  if (caller.byLine) return /\bos\.read\(/.test(caller.frame.sourceLine ?? '');
  const inner = frames.slice(0, python);
  const builtIn = inner.length === 1 && inner[0]?.bare === 'read' && inner[0].frame.module === undefined;
  return builtIn || inner.some(({ bare }) => READS.test(bare));
}
