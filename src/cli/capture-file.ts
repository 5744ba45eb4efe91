import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import type { Collected } from '../collect/collect.ts';
import { showCommand } from '../collect/text.ts';
import { maskSecrets } from '../model/secrets.ts';
import { clean } from '../reporters/_shared/clean.ts';
import { InputError } from './input-error.ts';
import type { Io } from './io.ts';
import { MANIFEST_NAME, type Manifest } from './manifest.ts';
import { VERSION } from './version.ts';

interface Options {
  readonly masked: boolean;
  readonly via: string | undefined;
  readonly io: Io;
}

/** Writes the archive whole or not at all. */
export async function writeCapture(file: string, collected: Collected, { masked, via, io }: Options): Promise<void> {
  const takenAt = new Date();
  const mask = (text: string): string => (masked ? maskLines(text) : text);
  const manifest = manifestOf(collected, { takenAt, via });
  const files = [
    { name: MANIFEST_NAME, text: `${JSON.stringify(manifest, undefined, 2)}\n` },
    ...collected.inputs.map(({ name, text }) => ({ name, text: mask(text) })),
  ];
  const archive = await packTar(
    files.map(({ name, text }) => {
      const body = Buffer.from(text);
      return { header: { name: `capture/${name}`, size: body.length, mode: 0o600, mtime: takenAt }, body };
    }),
  );
  const path = resolve(io.cwd, file);
  const unfinished = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    // Stacks and paths are for the owner only, until he passes them on.
    await writeFile(unfinished, gzipSync(archive), { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw cannotWrite(file, error);
  }
  const count = `${collected.inputs.length} dumps of ${collected.processes.length} ${collected.processes.length === 1 ? 'process' : 'processes'}`;
  io.stderr.write(`${clean(`${count} in ${file}`)}\n`);
  for (const { message, hint, source } of collected.warnings)
    io.stderr.write(`${clean(`${source === undefined ? '' : `${source}: `}${message}`)}\n${indent(hint)}`);
  io.stderr.write(`${clean(`Diagnose it anywhere with: whyhung ${showCommand([file])}`)}\n`);
}

function indent(hint: string | undefined): string {
  return (hint?.split('\n') ?? []).map((line) => `  ${clean(line)}\n`).join('');
}

/** A pattern that reads over line ends could take the next line for a value. */
function maskLines(text: string): string {
  return text.split('\n').map(maskSecrets).join('\n');
}

function manifestOf(
  { processes, runs, versions, warnings, pausedMilliseconds, hostName }: Collected,
  { takenAt, via }: { takenAt: Date; via: string | undefined },
): Manifest {
  return {
    schema: 'whyhung/capture/1',
    whyhung: VERSION,
    takenAt: takenAt.toISOString(),
    host: hostName,
    via: via === undefined ? null : maskSecrets(via),
    pausedMilliseconds: pausedMilliseconds ?? null,
    tools: Object.fromEntries(versions),
    processes: processes.map(({ pid, parentPid, command, executable, state }) => ({
      pid,
      parentPid,
      command: maskSecrets(showCommand(command)),
      executable: executable ?? null,
      state,
    })),
    runs: runs.map(({ pid, tool, moment, command, seconds, dump }) => ({
      pid,
      tool,
      moment,
      command: showCommand(command),
      seconds: Math.round(seconds * 1000) / 1000,
      dump,
    })),
    warnings: warnings.map(({ code, message, hint, source }) => ({
      code,
      message,
      hint: hint ?? null,
      source: source ?? null,
    })),
  };
}

/** What the operating system says, in words. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['the disk is full', 'Write it to another one: -o /dev/shm/hang.tgz'],
  EDQUOT: ['the quota of disk space is used up', 'Write it elsewhere: -o /dev/shm/hang.tgz'],
  EACCES: ['no right to write there', 'Write it elsewhere: -o /tmp/hang.tgz'],
  EPERM: ['no right to write there', 'Write it elsewhere: -o /tmp/hang.tgz'],
  EROFS: ['the file system is read-only', 'Write it elsewhere: -o /tmp/hang.tgz'],
  ENOENT: ['there is no such folder', 'Make the folder first, or write it elsewhere: -o /tmp/hang.tgz'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'Check the path.'],
  EISDIR: ['it is a folder', 'Give the name of a file in it.'],
};

function cannotWrite(file: string, error: unknown): InputError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const [reason, hint] = REASONS[code] ?? [error instanceof Error ? error.message : String(error), 'Check the path.'];
  return new InputError(`${file}: cannot be written: ${reason}`, {
    hint: `${hint} Nothing was left behind.`,
    cause: error,
  });
}
