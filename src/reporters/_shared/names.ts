import { type Frame, isUnnamed } from '../../model/frame.ts';

interface Named {
  readonly id: string;
  readonly name: string | undefined;
  readonly nativeId?: number | undefined;
}

/** "MainThread (9954)", "thread 0x7f3a5c001740", "an unnamed thread" */
export function nameThread({ id, name, nativeId }: Named): string {
  const number = nativeId === undefined ? id : String(nativeId);
  if (name !== undefined && name !== '') return number === '' ? name : `${name} (${number})`;
  return number === '' ? 'an unnamed thread' : `thread ${number}`;
}

export function nameFunction(frame: Frame): string {
  return isUnnamed(frame) ? '??' : frame.function;
}

/** Where a frame's code is, as short as it stays recognisable: "zmq/sugar/context.py:264", "poll.c:29", "libzmq.so.5". */
export function placeOf({ file, line, module, language }: Frame): string {
  if (file === undefined) return module === undefined ? '' : lastPart(module);
  const short = language === 'python' ? afterPackages(file) : lastPart(file);
  return line === undefined ? short : `${short}:${line}`;
}

function afterPackages(file: string): string {
  return file.replace(/^.*[\\/](?:(?:site|dist)-packages|lib(?:64)?[\\/]python\d[\d.]*t?)[\\/]/, '');
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** "MainThread (77)", "3 threads (a, b, c)"; of many only the first two and the last. */
export function listThreads(threads: readonly Named[]): string {
  const [first] = threads;
  if (first === undefined) return 'no thread';
  if (threads.length === 1) return nameThread(first);
  const names = threads.map((thread) =>
    thread.name === undefined || thread.name === '' ? nameThread(thread) : thread.name,
  );
  const shown = names.length <= 4 ? names.join(', ') : `${names.slice(0, 2).join(', ')} … ${names.at(-1)}`;
  return `${names.length} threads (${shown})`;
}

export function plural(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
