import type { ThreadFacts } from './facts.ts';

/** "…/lib/python3.5/logging/__init__.py", "libpython2.7.so.1.0" */
const IN_PATH = /python(\d)\.?(\d{1,2})(?=[/.\\]|$)/i;

/** Major and minor version as one number, 3.10 as 310: what the tool says, else what paths on the stack say. */
export function pythonVersion({ process, frames }: ThreadFacts): number | undefined {
  const [, major, minor] = /^(\d)\.(\d{1,2})/.exec(process.pythonVersion ?? '') ?? [];
  if (major !== undefined) return Number(major) * 100 + Number(minor);
  for (const { frame } of frames) {
    const [, one, two] = IN_PATH.exec(frame.file ?? '') ?? IN_PATH.exec(frame.module ?? '') ?? [];
    if (one !== undefined) return Number(one) * 100 + Number(two);
  }
  return undefined;
}
