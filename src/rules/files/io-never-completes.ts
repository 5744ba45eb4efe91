import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const NOTES = {
  'k:#kernel-io!': 'waits in the kernel for a disk or a file server',
  'c:#file-system$': 'asks a file system',
};

export default defineRule({
  id: 'io-never-completes',
  cause: 'uninterruptible-io',
  library: undefined,
  title: 'a thread waits in the kernel for a disk or file server that does not answer',
  summary:
    'The thread is inside a call to a file system (open, read, stat, a list of a folder) that does not come back. The server of the mount is gone, the disk or the FUSE daemon hangs. In state D no signal reaches it; only some file systems, as NFS, let SIGKILL end such a wait.',
  explanation:
    'The kernel waits for a disk or a file server without a limit: NFS with hard mounts tries for ever, FUSE waits for its daemon, Ceph for its cluster. Everything that touches the mount hangs one after the other, also ls and df, and shutdowns. The line of Python is innocent.',
  signatures: [
    { find: 'k:#kernel-io!', confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: 'c:#file-system$', confidence: 'possible', notes: NOTES },
  ],
  match,
  needs: ['the kernel stack: cat /proc/PID/task/*/stack (root), or wchan; the kernel log'],
  notWhen: [
    'the disk is only busy: the state changes between D and S or R',
    'it waits for the other end of a FIFO that it opens',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See where it waits, and whether the kernel complains.',
      command:
        "cat /proc/PID/stack /proc/PID/wchan; dmesg -T | grep -iE 'blocked for more|not responding|I/O error' | tail",
    },
    {
      kind: 'now',
      step: 'Bring the file server back, or detach the mount; the wait then ends, with an error.',
      command: 'umount -f -l MOUNTPOINT',
    },
    { kind: 'fix', step: 'Restart the FUSE daemon or the server; replace a disk that reports errors.' },
    {
      kind: 'prevent',
      step: 'Mount with limits (NFS: softerr, timeo, retrans) where an error is better than a wait, and touch remote mounts in processes that may be lost.',
    },
    { kind: 'verify', step: 'stat of the mount returns at once.', command: 'timeout 5 stat MOUNTPOINT' },
  ],
  references: [
    {
      title: 'giampaolo/psutil#1931',
      url: 'https://github.com/giampaolo/psutil/issues/1931',
      establishes:
        'psutil.disk_usage() and disk_partitions(all=True) hang while the server of one NFS mount is out of reach',
    },
    {
      title: 'python/cpython#76367',
      url: 'https://github.com/python/cpython/issues/76367',
      establishes: 'fstat() inside open() blocks while an NFS server is out of reach; up to 3.6 with the GIL held',
    },
    {
      title: 'nfs(5)',
      url: 'https://man7.org/linux/man-pages/man5/nfs.5.html',
      establishes: 'with a hard mount requests are retried for ever',
    },
  ],
});

/** State D alone is a moment of every busy disk; the kernel's own complaint is not. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const one of threads) {
    const blocked = one.thread.notes.find((note) => /^blocked .*for more than \d+ seconds/.test(note));
    const disk = one.thread.notes.some((note) => /^state D\b/.test(note));
    if (blocked === undefined && !disk) continue;
    const sure = blocked !== undefined || (disk && one.thread.progress === 'stuck');
    const isIo = one.frames.length === 0 || one.frames.some(isKernelIo) || disk;
    if (isIo) yield { confidence: sure ? 'likely' : 'possible', threads: [witness(one, blocked ?? 'is in state D')] };
  }
}

function isKernelIo({ categories, frame }: ThreadFacts['frames'][number]): boolean {
  return frame.language === 'kernel' && categories.has('kernel-io');
}
