import { defineRule } from '../rule.ts';

const MPI =
  'c:{PMPI_Gather, PMPI_Allgather, PMPI_Bcast, PMPI_Barrier, PMPI_Allreduce, PMPI_Reduce, PMPI_Alltoall, PMPI_Scatter, PMPI_Gatherv, PMPI_Allgatherv, PMPI_Recv, PMPI_Wait, MPI_*, ompi_coll_*}!';
const TORCH =
  'py:{barrier, all_reduce, all_gather, all_gather_object, broadcast, broadcast_object_list, reduce_scatter, gather, scatter, monitored_barrier}@torch/distributed/!';
const STORE = 'py:{_create_c10d_store, _tcp_rendezvous_handler, rendezvous, next_rendezvous}@torch/distributed/!';

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
    { find: MPI, confidence: 'likely', notes: { [MPI]: 'a collective, or a receive, of MPI' } },
    { find: TORCH, confidence: 'likely', notes: { [TORCH]: 'a collective of torch.distributed' } },
    { find: STORE, confidence: 'likely', notes: { [STORE]: 'waits for all ranks to register' } },
  ],
  needs: ['the stack of every rank at about the same moment: py-spy dump --pid PID on each'],
  notWhen: ['all ranks move: collectives take their time', 'the rank rests in an event loop of a service'],
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
      title: 'PyTorch: torch.distributed, debugging',
      url: 'https://pytorch.org/docs/stable/distributed.html#debugging-torch-distributed-applications',
      establishes: 'TORCH_DISTRIBUTED_DEBUG and monitored_barrier name the ranks that did not join',
    },
    {
      title: 'horovod/horovod#1182',
      url: 'https://github.com/horovod/horovod/issues/1182',
      establishes: 'a gather of MPI waits for a rank that is not there',
    },
  ],
});
