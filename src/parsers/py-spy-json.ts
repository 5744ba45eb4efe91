import { type Frame, makeFrame } from '../model/frame.ts';
import { makeProcess, type Process } from '../model/process.ts';
import { makeThread, type Thread } from '../model/thread.ts';
import {
  anything,
  boolean,
  list,
  maybe,
  number,
  readShape,
  record,
  type Shaped,
  string,
} from './_shared/json-shape.ts';
import { defineJsonParser, type JsonSection, type Parsed } from './parser.ts';

const LOCAL = record({ name: string, arg: maybe(boolean), repr: maybe(string) });

const FRAME = record({
  name: string,
  filename: maybe(string),
  short_filename: maybe(string),
  module: maybe(string),
  line: maybe(number),
  locals: maybe(list(LOCAL)),
  is_entry: maybe(boolean),
});

const THREAD = record({
  pid: maybe(number),
  thread_id: number,
  thread_name: maybe(string),
  os_thread_id: maybe(number),
  active: maybe(boolean),
  owns_gil: maybe(boolean),
  frames: list(anything),
});

/** The array of today, and the object with `threads` that a pull request of py-spy (#868) proposes. */
const DUMP = record({ threads: list(anything) });

/**
 * `py-spy dump --json`: the serialised structs of src/stack_trace.rs of benfred/py-spy, 0.2 to 0.4.
 * No command line, no Python version, no children, whatever options were given. Frames innermost first.
 */
export default defineJsonParser({
  format: 'py-spy-json',
  tool: 'py-spy',
  title: '`py-spy dump --json`',
  accepts: (value) => threadsIn(value).some(looksLikeThread),
  parse,
});

function threadsIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : (readShape(DUMP, value)?.threads ?? []);
}

function looksLikeThread(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'thread_id' in value && 'frames' in value;
}

function parse({ source, value, line }: JsonSection): Parsed {
  const place = { source, line };
  const moments = new Moments();
  for (const element of threadsIn(value)) {
    // Several objects in a row arrive as one array: look one level down.
    const nested = looksLikeThread(element) ? [element] : threadsIn(element);
    for (const one of nested) {
      const thread = readShape(THREAD, one);
      if (thread !== undefined) moments.add(thread.pid ?? 0, toThread(thread, place));
    }
  }
  return { processes: moments.processes(place), skipped: [] };
}

/** Sorts threads into processes; a thread seen again begins another moment of its process. */
class Moments {
  readonly #all: { pid: number; threads: Thread[]; ids: Set<string> }[] = [];
  readonly #latest = new Map<number, { pid: number; threads: Thread[]; ids: Set<string> }>();

  add(pid: number, thread: Thread): void {
    let moment = this.#latest.get(pid);
    if (moment === undefined || moment.ids.has(thread.id)) {
      moment = { pid, threads: [], ids: new Set() };
      this.#latest.set(pid, moment);
      this.#all.push(moment);
    }
    moment.threads.push(thread);
    moment.ids.add(thread.id);
  }

  processes(place: Process['place']): Process[] {
    return this.#all.map(({ pid, threads }) => {
      const native = threads.some(({ frames }) => frames.some(({ language }) => language === 'native'));
      const view = { python: true, native, interpreter: false, everyThread: false };
      return makeProcess({
        // 0 stands for a core file.
        pid: pid === 0 ? undefined : pid,
        // The interpreter's list has the main thread last; text and people have it first.
        threads: threads.map((thread) => ({ ...thread, view })).reverse(),
        place,
      });
    });
  }
}

function toThread(thread: Shaped<typeof THREAD>, place: Thread['place']): Thread {
  const { os_thread_id: nativeId, thread_id: pthreadId, owns_gil: ownsGil, active } = thread;
  return makeThread({
    id: String(nativeId ?? `0x${pthreadId.toString(16)}`),
    nativeId: nativeId,
    pthreadId: `0x${pthreadId.toString(16)}`,
    name: thread.thread_name,
    activity: active === undefined ? undefined : active ? 'active' : 'idle',
    // Only JSON tells that an idle thread holds the GIL.
    gil: ownsGil === true ? 'holds' : undefined,
    frames: thread.frames.flatMap((frame) => toFrame(frame, place)),
    place,
  });
}

function toFrame(value: unknown, place: Frame['place']): Frame[] {
  const parsed = readShape(FRAME, value);
  if (parsed === undefined) return [];
  const { name, filename, short_filename: short, module, line, locals, is_entry: entry } = parsed;
  const native = typeof module === 'string';
  const variables = (locals ?? []).map(({ name: variable, arg, repr }) => ({
    name: variable,
    value: repr ?? '?',
    arg,
  }));
  return [
    makeFrame({
      language: native ? 'native' : 'python',
      function: name,
      file: native && filename === module ? undefined : (filename ?? short),
      // 0 means unknown.
      line: line === 0 ? undefined : line,
      module,
      address: /^0x[0-9a-f]+$/.test(name) ? name : undefined,
      arguments: variables.filter(({ arg }) => arg === true).map(withoutFlag),
      locals: variables.filter(({ arg }) => arg !== true).map(withoutFlag),
      entry: native ? undefined : entry,
      place,
    }),
  ];
}

function withoutFlag({ name, value }: { name: string; value: string }): { name: string; value: string } {
  return { name, value };
}
