import { describe, expect, test } from 'vitest';
import { FrameKnowledge } from '../../src/frames/known-frame.ts';
import { makeFrame } from '../../src/model/frame.ts';

const PLACE = { source: 'test', line: 1 };

describe('functions of native libraries are known whatever their namespaces hold', () => {
  const knowledge = new FrameKnowledge();
  test.each([
    ['absl::lts_20240116::CondVar::WaitCommon(absl::lts_20240116::Mutex*)', 'condition-wait'],
    ['rayon_core::latch::LockLatch::wait_and_reset::hda86271d32e91440', 'condition-wait'],
    ['<rayon_core::latch::LockLatch as rayon_core::latch::Latch>::wait', 'condition-wait'],
    ['pyo3::gil::GILGuard::acquire::h0123456789abcdef', 'gil-acquire'],
    ['pybind11::gil_scoped_acquire::gil_scoped_acquire()', 'gil-acquire'],
    ['__kmp_lock_suspend_mx', 'lock-wait'],
    ['gomp_team_barrier_wait_end', 'parallel-region'],
    ['PMPI_Barrier', 'collective'],
    ['mca_pml_ob1_recv', 'message-progress'],
    ['cudaStreamSynchronize', 'device-sync'],
    ['MPIDI_OFI_progress', 'message-progress'],
    ['ncclTransportP2pSetup(ncclComm*, ncclTopoGraph*, int)', 'collective'],
    ['tsl::CoordinationServiceAgentImpl::WaitAtBarrier(std::string const&)', 'collective'],
    ['grpc_completion_queue_pluck', 'client-request'],
    ['_nss_sss_getpwnam_r', 'client-request'],
    ['ldap_simple_bind_s', 'client-request'],
    ['task_step_impl', 'loop-callback'],
    ['RtlpEnterCriticalSectionContended', 'lock-wait'],
    ['__run_exit_handlers', 'process-exit'],
  ] as const)('%s: %s', (name, category) => {
    const { categories } = knowledge.lookUp(makeFrame({ language: 'native', function: name, place: PLACE }));
    expect([...categories]).toContain(category);
  });

  test('a method called like a function of the C library is none', () => {
    const frame = makeFrame({ language: 'native', function: 'gpu::CachingAllocator::malloc(int)', place: PLACE });
    expect([...knowledge.lookUp(frame).categories]).toEqual([]);
  });
});
