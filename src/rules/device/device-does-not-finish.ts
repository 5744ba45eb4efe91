import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match, type RuleSignature } from '../rule.ts';

const SYNC = 'c:#device-sync!';

/** Runtimes of devices without names; their own threads rest, and are known by that. */
const DRIVERS = ['libtorch_npu*', 'libascendcl*', 'libze_intel_gpu*', 'libnrt*'].map((library) => `c:*@${library}!`);

/** Frameworks, and runtimes below them, that have called the driver; its own threads are called by nobody. */
const CALLERS =
  'c:{at::*, c10::*, torch::*, THP*, cuda*, hip*, xla::*, tensorflow::*, stream_executor::*, cupy*, mxnet::*, paddle::*, ggml_*, #eval}!';

const PYTHON = 'py:#device-sync$';

const TRITON = 'py:{_init_handles, load_binary, _load_kernel}@triton/!';

export default defineRule({
  id: 'device-does-not-finish',
  cause: 'device-sync-wait',
  library: undefined,
  title: 'the host waits for a device that does not finish',
  summary:
    'The thread handed work to a GPU and waits until it is done. The device does not get there: a kernel hangs, or waits itself for another device or rank.',
  explanation:
    'Calls to a device return at once; only a synchronisation waits, or a call that implies one: a copy to the host, freeing memory, loading a kernel, a launch when the queue is full. The host frame that waits is therefore not the one that handed the bad work over. Most often the kernel on the device is a collective that waits for a rank which is not there, else a kernel in an endless loop, or a device that fell off the bus.',
  signatures: [
    { find: SYNC, confidence: 'possible', notes: { [SYNC]: 'waits for the device' } },
    ...DRIVERS.map(
      (driver): RuleSignature => ({
        find: `${driver} -> c:{#read, #poll, #futex, #spin, #condition-wait, #semaphore-wait}$`,
        confidence: 'possible',
        notes: { [driver]: 'the library of the device' },
      }),
    ),
    ...['libcuda.so*', 'libhsa-runtime64*'].map(
      (library): RuleSignature => ({
        find: `${CALLERS} -> c:*@${library}! -> c:{clock_gettime, #spin, #poll, #futex, #condition-wait, ioctl}`,
        confidence: 'possible',
        notes: { [`c:*@${library}!`]: 'the driver of the device' },
      }),
    ),
    // Who waits in the driver itself, with the processor in use: its own threads rest in poll.
    ...['libcuda.*', 'libamdhip64*', 'libhsa-runtime64*'].map(
      (driver): RuleSignature => ({ find: `c:*@${driver}$`, confidence: 'possible' }),
    ),
    { find: PYTHON, confidence: 'possible', notes: { [PYTHON]: 'waits for the device' } },
    {
      find: TRITON,
      confidence: 'possible',

      notes: { [TRITON]: 'loads a kernel, which waits for the device' },
    },
  ],
  match,
  general: true,
  needs: ['the C frames: py-spy dump --native --pid PID, or gdb'],
  notWhen: [
    'the device is busy and gets on: two moments differ. One moment of an ordinary training job shows such a wait most of the time',
    'another thread of the library, a watchdog, polls events: that is its rest',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See whether the device works or spins, and whether it reports an error.',
      command: 'nvidia-smi; dmesg | grep -i xid | tail',
    },
    {
      kind: 'fix',
      step: 'Find the kernel: run with every launch synchronous, then the stack shows the call at fault.',
      command: 'CUDA_LAUNCH_BLOCKING=1 python APP',
    },
    {
      kind: 'prevent',
      step: 'Give collectives a timeout that aborts (TORCH_NCCL_ASYNC_ERROR_HANDLING=1, init_process_group(timeout=…)).',
    },
    { kind: 'verify', step: 'In a distributed job compare the stacks of all ranks: the odd one is the cause.' },
  ],
  references: [
    {
      title: 'pytorch/pytorch#133053',
      url: 'https://github.com/pytorch/pytorch/issues/133053',
      establishes:
        'a job that hangs in torch.cuda.synchronize() is rarely at fault there: something queued before it, mostly a collective, does not end',
    },
    {
      title: 'pytorch/pytorch#95944',
      url: 'https://github.com/pytorch/pytorch/issues/95944',
      establishes: 'all ranks but one wait in cudaDeviceSynchronize(), and the odd one in a copy to the host',
    },
    {
      title: 'PyTorch: asynchronous execution',
      url: 'https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution',
      establishes:
        'errors and waits show at a later call than the one at fault; CUDA_LAUNCH_BLOCKING makes launches synchronous',
    },
  ],
});

/** Packages whose calls into C are mostly calls to a device. */
const FRAMEWORK =
  /(?:^|[\\/])(?:torch|torch_npu|paddle|jax|jaxlib|tensorflow|cupyx?|triton|vllm|sglang|tensorrt_llm|deepspeed|megatron|mindspore|mxnet|ttnn|exllamav2|transformers|diffusers|pycuda|flash_attn|xformers|transformer_engine)[\\/]/;
const NEAR = 4;

/** Drivers wait with the processor in use and without the GIL; Python frames alone show the call into the framework. */
function* match({ buckets }: Facts): Iterable<Match> {
  for (const { sample, threads } of buckets) {
    if (!isInFramework(sample)) continue;
    yield {
      confidence: 'possible',
      threads: threads.map((thread) =>
        witness(thread, 'is in native code below a library for devices, without the GIL', [
          { find: ({ frame }) => FRAMEWORK.test(frame.file ?? ''), note: 'calls into native code' },
        ]),
      ),
    };
  }
}

function isInFramework({ thread, frames }: ThreadFacts): boolean {
  const { activity, gil, wait, view, progress } = thread;
  const inNative = activity === 'active' && gil === undefined && wait === undefined && !view.native;
  return (
    inNative && progress !== 'moving' && frames.slice(0, NEAR).some(({ frame }) => FRAMEWORK.test(frame.file ?? ''))
  );
}
