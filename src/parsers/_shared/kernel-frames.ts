import { type Frame, makeFrame } from '../../model/frame.ts';
import type { Place } from '../../model/place.ts';

// "[<0>] nfs4_wait+0x46/0x90 [nfsv4]", "[<ffffffff811d9a26>] pipe_wait+0x66/0x90", in traces also without brackets
const FRAME =
  /^\s*(?:\[<(?:0|[0-9a-f]{8,16})>\] )?(?<guess>\? )?(?<function>[A-Za-z_.][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[(?<module>[\w-]+)(?: [0-9a-f]+)?\])?$/;

// "[<ffffffffffffffff>] 0xffffffffffffffff": the end of a stack of old kernels
const END = /^\s*\[<f{8,16}>\] 0xf{8,16}$/;

// "[<0>] futex_do_wait+0x46/0x90"
export const BRACKETED = /^\s*\[<(?:0|[0-9a-f]{8,16})>\] \S/;

/** One line of a kernel stack; `frame` is missing for lines that only look like calls. */
export interface KernelLine {
  readonly frame: Frame | undefined;
}

export function parseKernelLine(text: string, place: Place): KernelLine | undefined {
  if (END.test(text)) return { frame: undefined };
  const found = FRAME.exec(text)?.groups;
  if (found?.function === undefined) return undefined;
  // A question mark stands before addresses that were merely lying on the stack.
  if (found.guess !== undefined) return { frame: undefined };
  return { frame: makeFrame({ language: 'kernel', function: found.function, module: found.module, place }) };
}
