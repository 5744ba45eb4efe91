import { write } from 'node:fs';
import { isatty } from 'node:tty';
import type { Output } from './io.ts';

/** Standard error, where another program writes, too. */
export interface SharedOutput extends Output {
  /** Waits until all is written, or nobody is left to read it. */
  flush(): Promise<void>;
}

const AGAIN_MILLISECONDS = 20;

/**
 * Writes without Node's stream, which would set a pipe to non-blocking under the other program, and without waiting: when
 * nobody reads the pipe, which may be the very reason of a hang, this program must still be able to end the other one.
 */
export function sharedOutput(descriptor: 1 | 2): SharedOutput {
  const isTerminal = isatty(descriptor);
  let written = Promise.resolve();
  return {
    isTerminal,
    get columns() {
      return isTerminal ? (descriptor === 1 ? process.stdout : process.stderr).columns : undefined;
    },
    write: (text) => {
      written = written.then(() => writeAll(descriptor, Buffer.from(text)));
    },
    flush: () => written,
  };
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const count = await writeSome(descriptor, rest);
    if (count === undefined) return;
    rest = rest.subarray(count);
  }
}

/** Bytes written; `undefined` when there is no reader or no room any more: a message is not worth an error. */
function writeSome(descriptor: number, bytes: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    write(descriptor, bytes, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), AGAIN_MILLISECONDS);
      else resolve(undefined);
    });
  });
}
