import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import type { KnownFrame } from '../../frames/known-frame.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const NATIVE = 'c:#collective!';
const PYTHON = 'py:#collective!';
/** Nothing is computed here, and nobody is slow for long. */
const GATHERING =
  'c:{PMPI_Barrier, MPI_Barrier, PMPI_Init, PMPI_Init_thread, PMPI_Finalize, PMPI_Comm_disconnect, TCPStore::waitForWorkers, TCPStore::wait, TCPStore::doWait, FileStore::wait, ncclCommInitRank, ncclCommInitRankConfig, ncclCommInitRankScalable, PMIx_Fence, PMI_Barrier, horovod_barrier, bootstrapInit, bootstrapAllGather, gloo::barrier, CoordinationServiceAgentImpl::WaitAtBarrier, xla::DistributedRuntimeClient::WaitAtBarrier, Pair::waitUntilConnected}!';
const GATHERING_PYTHON =
  'py:{barrier, monitored_barrier, init_process_group, _store_based_barrier, _create_c10d_store, next_rendezvous, _exit_barrier, new_group, init_rpc}@torch/distributed/!';
const MESSAGE = 'c:#message-wait!';
const PROGRESS = 'c:#message-progress$';

/** Threads that libraries keep for themselves: they watch and poll, and say nothing of the program. */
const HELPERS =
  '!c:{ncclCommWatchdog, ncclCommWatchdogInternal, Watchdog::run, Watchdog::runLoop, HeartbeatMonitor::run, HeartbeatMonitor::runLoop, heartbeatMonitor, workCleanupLoop, runHookLoop, TCPStoreMasterDaemon::run, BackgroundThread::run, ncclProxyProgress, ncclProxyService, persistentThread, progress_engine, ucs_async_thread_func}';

export default defineRule({
  id: 'collective-waits-for-rank',
  cause: 'collective-mismatch',
  library: undefined,
  title: 'a distributed operation waits for ranks that did not join',
  summary:
    'This rank is inside a collective operation and waits for the others. At least one of them has not called the same operation: it died, is elsewhere in the program, is slower by far, or calls another collective.',
  explanation:
    'All ranks of a group must call the same collectives in the same order with matching sizes. A condition that differs by rank, an exception on one of them, uneven data or a lost connection breaks that, and the others wait. The rank that waits is a victim: the odd one is among those whose stacks differ.',
  signatures: [
    {
      find: `${HELPERS} -> ${GATHERING}`,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [GATHERING]: 'waits until all ranks are there' },
    },
    {
      find: GATHERING_PYTHON,
      confidence: 'possible',
      stuck: 'likely',
      notes: { [GATHERING_PYTHON]: 'waits until all ranks are there' },
    },
    // Ranks of a working job stand here most of the time, too, so that a second moment proves nothing.
    { find: `${HELPERS} -> ${NATIVE}`, confidence: 'possible', notes: { [NATIVE]: 'an operation of all ranks' } },
    { find: PYTHON, confidence: 'possible', notes: { [PYTHON]: 'an operation of all ranks' } },
    { find: `${HELPERS} -> ${MESSAGE}`, confidence: 'possible', notes: { [MESSAGE]: 'a message between two ranks' } },
    { find: `${HELPERS} -> ${PROGRESS}`, confidence: 'possible', notes: {} },
  ],
  match,
  needs: ['the stack of every rank at about the same moment: py-spy dump --pid PID on each'],
  notWhen: [
    'all ranks move: collectives take their time, and the fast ranks wait in them for the slow',
    'a worker waits in a receive for its next job: that is its rest',
    'a watchdog or a progress thread of the library polls',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'Dump all ranks and compare: the one whose stack differs, or that is missing, is the cause.',
      command: 'py-spy dump --pid PID > rank-$RANK.txt',
    },
    {
      kind: 'fix',
      step: 'Let every rank reach the collective: no condition by rank around it, the same number of batches on all (join contexts, drop_last), exceptions that end the whole job.',
    },
    {
      kind: 'prevent',
      step: 'Set timeouts that abort: init_process_group(timeout=…), TORCH_NCCL_ASYNC_ERROR_HANDLING=1; for MPI let errors call MPI_Abort.',
    },
    {
      kind: 'verify',
      step: 'Checks in debug mode name collectives that do not match.',
      command: 'TORCH_DISTRIBUTED_DEBUG=DETAIL python APP',
    },
  ],
  references: [
    {
      title: 'pytorch/pytorch#152623',
      url: 'https://github.com/pytorch/pytorch/issues/152623',
      establishes:
        'with TORCH_NCCL_DESYNC_DEBUG=1 the watchdog names the rank that did not join, and what each rank was at',
    },
    {
      title: 'horovod/horovod#1182',
      url: 'https://github.com/horovod/horovod/issues/1182',
      establishes: 'a gather of MPI waits for a rank that is not there',
    },
    {
      title: 'PyTorch: torch.distributed, debugging',
      url: 'https://docs.pytorch.org/docs/stable/distributed.html#debugging-torch-distributed-applications',
      establishes: 'TORCH_DISTRIBUTED_DEBUG and monitored_barrier name the ranks that did not join',
    },
  ],
});

/** Several ranks in one capture: those that are in the common operation wait for those that are not. */
function* match({ threads }: Facts): Iterable<Match> {
  const all = [...groupByProcess(threads).values()].map(readRank).filter((rank) => rank !== undefined);
  const joined = all.filter(({ operation }) => operation !== undefined);
  // Launchers and helpers are no ranks.
  const parents = new Set(joined.map(({ thread }) => thread.process.parentPid));
  const ranks = all.filter(
    ({ thread, operation }) =>
      operation !== undefined || (thread.thread.idleAs === undefined && !parents.has(thread.process.pid ?? -1)),
  );
  if (ranks.length < 2 || joined.length === 0) return;
  const counts = new Map<string, number>();
  for (const { operation = '' } of joined) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const [common] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [];
  const odd = ranks.filter(({ operation }) => operation !== common);
  // Where most ranks are elsewhere, this is no common operation, or the capture holds other programs.
  if (common === undefined || odd.length === 0 || odd.length > joined.length) return;
  const waiting = joined.filter(({ operation }) => operation === common);
  yield {
    // At one moment somebody is always the last; at two it is the same one for a reason.
    confidence: odd.every(({ thread }) => thread.thread.progress === 'stuck') ? 'likely' : 'possible',
    threads: [
      ...odd.map(({ thread, operation }) =>
        witness(
          thread,
          operation === undefined ? `has not joined ${common}()` : `is in ${operation}(), not in ${common}()`,
          [{ find: isCollective, note: 'another operation' }],
        ),
      ),
      ...waiting.map(({ thread }) => {
        const called = thread.frames.findLast(isCollective);
        return witness(thread, `waits in ${common}() for the other ranks`, [
          { find: isCollective, note: 'an operation of all ranks' },
          { find: (frame) => frame === called, note: 'as the program called it' },
        ]);
      }),
    ],
  };
}

/** What one process does: the operation that its main thread is in, if any. */
interface Rank {
  readonly thread: ThreadFacts;
  readonly operation: string | undefined;
}

function readRank(own: readonly ThreadFacts[]): Rank | undefined {
  const inside = own.find(({ frames, thread }) => thread.idleAs === undefined && frames.some(isCollective));
  const thread = inside ?? own.find(({ frames }) => frames.some(({ frame }) => frame.language === 'python')) ?? own[0];
  return thread === undefined || thread.frames.length === 0
    ? undefined
    : { thread, operation: inside === undefined ? undefined : operationOf(inside.frames) };
}

/** The outermost function is the one that the program called: "all_reduce", "PMPI_Bcast"; what is inside differs by rank. */
function operationOf(frames: readonly KnownFrame[]): string | undefined {
  return frames.findLast(isCollective)?.canonical.replace(/^P(?=MPI_)|(?<=^P?MPI_\w+)_c$/g, '');
}

function isCollective({ categories }: KnownFrame): boolean {
  return categories.has('collective');
}
