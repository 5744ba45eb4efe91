import { expect, test } from 'vitest';
import { readWait } from '../../src/analysis/waits.ts';
import { FrameKnowledge } from '../../src/frames/known-frame.ts';
import { makeFrame } from '../../src/model/frame.ts';

// Innermost first, as tools of each system print them.
test.each([
  ['condition', 'ntdll.dll', ['ZwWaitForAlertByThreadId', 'RtlSleepConditionVariableSRW', 'SleepConditionVariableSRW']],
  [
    'lock',
    'ntdll.dll',
    [
      'NtWaitForAlertByThreadId',
      'RtlpWaitOnAddressWithTimeout',
      'RtlpWaitOnCriticalSection',
      'RtlpEnterCriticalSectionContended',
      'RtlEnterCriticalSection',
    ],
  ],
  ['lock', 'ntdll.dll', ['NtWaitForAlertByThreadId', 'RtlAcquireSRWLockExclusive']],
  [
    'gil',
    'python311.dll',
    [
      'NtWaitForAlertByThreadId',
      'RtlSleepConditionVariableSRW',
      'SleepConditionVariableSRW',
      'PyCOND_TIMEDWAIT',
      'take_gil',
    ],
  ],
  ['poll', 'ntdll.dll', ['NtRemoveIoCompletion', 'GetQueuedCompletionStatus']],
  ['unknown', 'ntdll.dll', ['ZwWaitForMultipleObjects', 'WaitForMultipleObjectsEx']],
  ['unknown', 'ntdll.dll', ['NtWaitForSingleObject', 'WaitForSingleObjectEx']],
  ['sleep', 'ntdll.dll', ['NtDelayExecution', 'SleepEx']],
  ['condition', 'libsystem_kernel.dylib', ['__psynch_cvwait', '_pthread_cond_wait']],
  [
    'lock',
    'libsystem_kernel.dylib',
    ['__psynch_mutexwait', '_pthread_mutex_firstfit_lock_wait', '_pthread_mutex_firstfit_lock_slow'],
  ],
  ['semaphore', 'libsystem_kernel.dylib', ['semaphore_wait_trap', '_dispatch_semaphore_wait_slow']],
  ['poll', 'libsystem_kernel.dylib', ['mach_msg2_trap', 'mach_msg2_internal', 'mach_msg_overwrite', 'mach_msg']],
  ['poll', 'libsystem_kernel.dylib', ['kevent_id']],
  ['poll', 'libsystem_kernel.dylib', ['__select']],
  ['child', 'libsystem_kernel.dylib', ['__wait4']],
  [
    'lock',
    'libc.so.6',
    [
      '__futex_abstimed_wait_common64',
      'PyThread_acquire_lock_timed',
      'acquire_timed',
      '_thread_lock_acquire_impl',
      '_thread_lock_acquire',
    ],
  ],
  ['condition', 'ld-musl-x86_64.so.1', ['__timedwait_cp', 'pthread_cond_timedwait']],
])('%s in %s: %s', (kind, module, names) => {
  const knowledge = new FrameKnowledge();
  const place = { source: 'dump.txt', line: 1 };
  const frames = [...names, 'main'].map((name) => makeFrame({ language: 'native', function: name, module, place }));
  expect(readWait(frames.map((frame) => knowledge.lookUp(frame)))?.kind).toBe(kind);
});
