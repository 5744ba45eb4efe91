import type { Frame, Variable } from '../../model/frame.ts';
import { makeProcess, type Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';
import type { Line, Parsed } from '../parser.ts';
import * as grammar from './lines.ts';
import { type Block, repairSubprocesses } from './subprocesses.ts';

/** Reads a dump line by line. What is open (process, thread, list of variables) decides what a line can be. */
export class PySpyReader {
  readonly #source: string;
  readonly #blocks: Block[] = [];
  readonly #skipped: Line[] = [];
  #block: Block | undefined;
  #thread: { thread: Thread; frames: Frame[] } | undefined;
  #variables: { into: 'arguments' | 'locals'; found: Variable[] } | undefined;
  /** Whether a command line is being read, which may hold line ends. */
  #inCommand = false;
  #core = false;
  /** The line before, when it could not be understood: it may be the first half of a wrapped one. */
  #pending: Line | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  read(line: Line): void {
    const initial = line.text.trimStart().charAt(0);
    if (initial === '') return;
    const used =
      ('PS-'.includes(initial) && this.#readHeader(line)) ||
      (initial === 'T' && this.#readThread(line)) ||
      ('u0123456789'.includes(initial) && this.#readStopped(line)) ||
      this.#readVariable(line, initial) ||
      this.#readFrame(line);
    if (used) this.#dropPending();
    else if (this.#inCommand && this.#block !== undefined) this.#block.command += `\n${line.text}`;
    else this.#readWrapped(line);
  }

  finish(): Parsed {
    this.#dropPending();
    this.#closeThread();
    return {
      processes: repairSubprocesses(this.#blocks).map((block) => toProcess(block, this.#source)),
      skipped: this.#skipped,
    };
  }

  #readHeader(line: Line): boolean {
    const { text } = line;
    const process = grammar.PROCESS.exec(text)?.groups;
    if (process?.pid !== undefined) {
      this.#openBlock(line, Number(process.pid), process.command ?? '');
      this.#inCommand = true;
      return true;
    }
    const parent = grammar.PARENT.exec(text)?.groups;
    if (parent?.pid !== undefined && this.#block !== undefined) {
      this.#block.parentPid = Number(parent.pid);
      this.#inCommand = true;
      return true;
    }
    const python = (grammar.PYTHON.exec(text) ?? grammar.OLD_PYTHON.exec(text))?.groups;
    if (python?.version !== undefined) {
      const block = this.#block ?? this.#openBlock(line, undefined, undefined);
      block.pythonVersion = python.version;
      block.executable = python.executable;
      this.#inCommand = false;
      return true;
    }
    if (grammar.SIGNAL.test(text)) {
      this.#core = true;
      return true;
    }
    return grammar.SEPARATOR.test(text);
  }

  #readThread(line: Line): boolean {
    const thread = grammar.parseThread(line, this.#source, this.#core);
    if (thread === undefined) return false;
    this.#inCommand = false;
    this.#closeThread();
    // A thread seen again without a header between: another dump, pasted below the first.
    const again = this.#block?.pid === undefined && this.#block?.threads.some(({ id }) => id === thread.id);
    if (this.#block === undefined || again) this.#openBlock(line, undefined, undefined);
    this.#thread = { thread, frames: [] };
    return true;
  }

  /** An error of py-spy's own, in place of the stacks. */
  #readStopped(line: Line): boolean {
    const thread = grammar.parseStopped(line, this.#source);
    if (thread === undefined) return false;
    this.#inCommand = false;
    this.#closeThread();
    const block = this.#block ?? this.#openBlock(line, undefined, undefined);
    block.threads.push(thread);
    return true;
  }

  #readVariable(line: Line, initial: string): boolean {
    const title = 'AL'.includes(initial) ? grammar.VARIABLES_TITLE.exec(line.text)?.groups?.title : undefined;
    if (title !== undefined && this.#thread !== undefined) {
      this.#closeVariables();
      this.#variables = { into: title === 'Arguments' ? 'arguments' : 'locals', found: [] };
      return true;
    }
    const variable = this.#variables === undefined ? undefined : grammar.parseVariable(line.text);
    if (variable === undefined) return false;
    this.#variables?.found.push(variable);
    return true;
  }

  #readFrame(line: Line): boolean {
    if (this.#inCommand) return false;
    const frame = grammar.parseFrame(line, this.#source);
    if (frame === undefined) return false;
    // A frame without line number and without indentation is more often prose: "see the log (attached)".
    const prose = frame.line === undefined && !/^\s/.test(line.text) && !/\.(?:so|dylib|dll|py)\b/.test(line.text);
    if (this.#thread === undefined ? !grammar.looksLikeFrame(line.text) : prose) return false;
    this.#closeVariables();
    if (this.#thread === undefined) this.#openUnknownThread(line);
    this.#thread?.frames.push(frame);
    return true;
  }

  /** A terminal breaks lines anywhere; two halves that make a frame together are one. */
  #readWrapped(line: Line): void {
    const before = this.#pending;
    if (before !== undefined && this.#thread !== undefined) {
      for (const glue of ['', ' ']) {
        const joined = { text: `${before.text}${glue}${line.text.trimStart()}`, number: before.number };
        if (/:\d+\)$/.test(joined.text) && this.#readFrame(joined)) {
          this.#pending = undefined;
          return;
        }
      }
    }
    this.#dropPending();
    this.#pending = line;
  }

  #dropPending(): void {
    if (this.#pending !== undefined) this.#skipped.push(this.#pending);
    this.#pending = undefined;
  }

  #openBlock(line: Line, pid: number | undefined, command: string | undefined): Block {
    this.#closeThread();
    const block: Block = {
      pid,
      command,
      parentPid: undefined,
      pythonVersion: undefined,
      executable: undefined,
      threads: [],
      line: line.number,
    };
    this.#block = block;
    this.#blocks.push(block);
    return block;
  }

  #openUnknownThread(line: Line): void {
    if (this.#block === undefined) this.#openBlock(line, undefined, undefined);
    const thread = grammar.parseThread({ text: 'Thread 0', number: line.number }, this.#source, true);
    if (thread !== undefined) this.#thread = { thread: { ...thread, id: '', nativeId: undefined }, frames: [] };
  }

  #closeVariables(): void {
    const frame = this.#thread?.frames.at(-1);
    if (this.#variables !== undefined && frame !== undefined) {
      this.#thread?.frames.splice(-1, 1, { ...frame, [this.#variables.into]: this.#variables.found });
    }
    this.#variables = undefined;
  }

  #closeThread(): void {
    this.#closeVariables();
    if (this.#thread !== undefined) this.#block?.threads.push({ ...this.#thread.thread, frames: this.#thread.frames });
    this.#thread = undefined;
  }
}

function toProcess(block: Block, source: string): Process {
  // Without --native there is not one native frame in the whole process.
  const native = block.threads.some(({ frames }) => frames.some(({ language }) => language === 'native'));
  const view = { python: true, native, interpreter: false, everyThread: false };
  return makeProcess({
    pid: block.pid,
    parentPid: block.parentPid,
    command: block.command,
    pythonVersion: block.pythonVersion,
    executable: block.executable,
    threads: block.threads.map((thread) => ({ ...thread, view })),
    place: { source, line: block.line },
  });
}
