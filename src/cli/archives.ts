import { Gunzip, type UnzipFileInfo, unzipSync } from 'fflate';
import { unpackTar } from 'modern-tar';
import type { Warning } from '../model/dump.ts';
import { type Budget, type Limits, MIB } from './archive-budget.ts';
import { isTar, type Kind, kindOf } from './archive-kind.ts';

/** A file, or a file in an archive: then its name is `bundle.tgz/rank0/py-spy.txt`. Never used as a path. */
export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Expanded {
  readonly members: readonly Member[];
  readonly warnings: readonly Warning[];
}

/** An archive in an archive; what is deeper is left as it is. */
const LAYERS = 2;

/** The files in an archive; `undefined` for anything else. Nothing is written to disk, and nothing expands beyond the budget. */
export async function expandArchive(file: Member, budget: Budget): Promise<Expanded | undefined> {
  if (kindOf(file.bytes) === undefined) return undefined;
  const context: Context = { budget, members: [], warnings: [] };
  await expand(file, 0, context);
  const { members, warnings } = context;
  return members.length + warnings.length > 0 ? context : { members, warnings: [emptyArchive(file.name)] };
}

interface Context {
  readonly budget: Budget;
  readonly members: Member[];
  readonly warnings: Warning[];
}

async function expand(file: Member, layer: number, context: Context): Promise<void> {
  const kind = layer < LAYERS ? kindOf(file.bytes) : undefined;
  if (kind === undefined) {
    context.members.push(file);
    return;
  }
  try {
    if (kind === 'gzip') await expandGzip(file, layer, context);
    else await expandAll(kind === 'zip' ? unzip(file, context) : await untar(file, context), layer, context);
  } catch (error) {
    context.warnings.push(damaged(file.name, kind, error instanceof Error ? error.message : String(error)));
  }
}

async function expandAll(members: readonly Member[], layer: number, context: Context): Promise<void> {
  for (const member of members) await expand(member, layer + 1, context);
}

/** A tar in a gzip is one archive: `bundle.tgz/py-spy.txt`. Any other content keeps the name: `py-spy.txt.gz`. */
async function expandGzip({ name, bytes }: Member, layer: number, context: Context): Promise<void> {
  const { chunks, size, problem } = gunzip(bytes, context.budget);
  if (problem === 'too large') {
    context.warnings.push(tooLarge(name, context.budget.limits));
    return;
  }
  if (problem !== undefined) {
    const kept = size > 0 ? `${problem}; what came before was read` : problem;
    context.warnings.push(damaged(name, 'gzip', kept));
  }
  if (size === 0) return;
  context.budget.bytes -= size;
  const content = { name, bytes: new Uint8Array(await new Blob([...chunks]).arrayBuffer()) };
  if (isTar(content.bytes)) await expandAll(await untar(content, context), layer, context);
  else await expand(content, layer + 1, context);
}

interface Inflated {
  readonly chunks: readonly Uint8Array[];
  readonly size: number;
  readonly problem: string | undefined;
}

/** Compressed bytes at a time. Deflate expands at most 1032 times, so that a bomb is seen 17 MB after the limit at the latest. */
const STEP = 16 * 1024;

function gunzip(bytes: Uint8Array, { limits, bytes: left }: Budget): Inflated {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let start = 0;
  const stream = new Gunzip((chunk) => {
    if (chunk.length > 0) chunks.push(chunk);
    size += chunk.length;
  });
  // Several gzip streams may follow each other in one file, as rotated logs do.
  stream.onmember = () => {
    start = size;
  };
  try {
    for (let at = 0; at < bytes.length; at += STEP) {
      stream.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
      const [head] = chunks;
      const limit = head !== undefined && isTar(head) ? limits.total : limits.member;
      if (size > Math.min(limit, left)) return { chunks: [], size: 0, problem: 'too large' };
    }
  } catch (error) {
    return { chunks, size, problem: error instanceof Error ? error.message : String(error) };
  }
  return { chunks, size, problem: endsWithSize(bytes, size - start) ? undefined : 'it ends early' };
}

/** The last 4 bytes hold the size: fflate does not notice an end between two symbols. The shortest gzip file has 18 bytes. */
function endsWithSize(bytes: Uint8Array, size: number): boolean {
  if (bytes.length < 18) return false;
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true) === size % 2 ** 32;
}

/** Expanded files cannot become larger than the directory says: fflate allots that much and drops what is beyond. */
function unzip({ name: archive, bytes }: Member, context: Context): Member[] {
  // Bit 0 of the flags in the first file's header.
  let encrypted = bytes[2] === 3 && ((bytes[6] ?? 0) & 1) === 1;
  const check = checkDirectory(bytes);
  const filter = (entry: UnzipFileInfo): boolean => {
    check(entry);
    encrypted ||= entry.compression === AES;
    const size = entry.compression === 0 ? entry.size : entry.originalSize;
    if (encrypted || !admit(entry.name, size, archive, context)) return false;
    if (size > context.budget.bytes) return refuseMore(archive, context);
    context.budget.bytes -= size;
    return true;
  };
  const files = Object.entries(unzipSync(bytes, { filter }));
  if (encrypted) context.warnings.push(encryptedZip(archive));
  return files.map(([path, content]) => ({ name: `${archive}/${tidy(path)}`, bytes: content }));
}

const AES = 99;

/** A directory that lies could keep us busy for hours. */
function checkDirectory({ length }: Uint8Array): (entry: UnzipFileInfo) => void {
  let seen = 0;
  let compressed = 0;
  return ({ size }) => {
    seen += 1;
    compressed += size;
    // An entry of the directory has 46 bytes at least.
    if (seen * 46 > length) throw new Error('its directory is broken');
    // Bombs let thousands of entries share the same compressed bytes.
    if (compressed > length) throw new Error('its files overlap');
  };
}

async function untar({ name: archive, bytes }: Member, context: Context): Promise<Member[]> {
  const entries = await unpackTar(bytes, {
    filter: ({ name, size, type = 'file' }) => type === 'file' && admit(name, size, archive, context),
  });
  if (entries.some(({ header, data }) => (data?.length ?? 0) < header.size))
    context.warnings.push(damaged(archive, 'tar', 'it ends early; what came before was read'));
  return entries.flatMap(({ header, data }) =>
    data === undefined || data.length === 0 ? [] : [{ name: `${archive}/${tidy(header.name)}`, bytes: data }],
  );
}

/** Whether to expand a file in an archive; says so where a limit is the reason not to. */
function admit(path: string, size: number, archive: string, context: Context): boolean {
  const { budget, warnings } = context;
  const parts = partsOf(path);
  const hidden = parts.length === 0 || parts.some((part) => part.startsWith('.') || part === '__MACOSX');
  if (size === 0 || hidden || /[\\/]$/.test(path)) return false;
  // Each costs its place, also those left out: ten thousand warnings help nobody.
  if (budget.members === 0) return refuseMore(archive, context);
  budget.members -= 1;
  if (size > budget.limits.member) warnings.push(tooLarge(`${archive}/${tidy(path)}`, budget.limits));
  return size <= budget.limits.member;
}

/** Names are shown, never opened: `..` needs no more than to be left out. */
function tidy(path: string): string {
  return partsOf(path).join('/');
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
}

/** Once for an archive, however many files are left out. */
function refuseMore(name: string, { budget, warnings }: Context): false {
  const warning = tooLarge(name, budget.limits);
  if (!warnings.some(({ source, code }) => source === name && code === warning.code)) warnings.push(warning);
  return false;
}

function encryptedZip(name: string): Warning {
  const hint = 'Unpack it with its password first, then: whyhung FOLDER';
  return warn('unreadable-input', name, 'cannot be read: the zip archive is encrypted', hint);
}

function damaged(name: string, kind: Kind, reason: string): Warning {
  const message = `cannot be read: the ${kind} archive is damaged (${reason})`;
  return warn('unreadable-input', name, message, 'Copy it again, or unpack it and: whyhung FOLDER');
}

function tooLarge(name: string, { member, total, members }: Limits): Warning {
  const message = `too large to expand (limits: ${member / MIB} MiB a file, ${total / MIB} MiB and ${members} files in all)`;
  return warn('input-too-large', name, message, 'Unpack it, and give the dumps alone.');
}

function emptyArchive(name: string): Warning {
  const hint = 'Hidden and empty files are not looked at. List it with: unzip -l FILE   or: tar -tf FILE';
  return warn('no-files', name, 'no file in this archive', hint);
}

function warn(code: string, source: string, message: string, hint: string): Warning {
  return { code, message, hint, source, line: undefined };
}
