import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { InputError } from './input-error.ts';

/** `--report-dir`: what is left of a run for people, programs and a later look. */
export interface ReportFolder {
  readonly path: string;
  /** Writes all files; says what could not be written instead of throwing, since the report stands elsewhere, too. */
  write(files: ReadonlyMap<string, string>): Promise<string | undefined>;
}

const REPORTS = ['report.txt', 'report.json', 'processes.txt'];
const DUMPS = 'dumps';

/**
 * Makes the folder before the command starts, so that a mistake shows at once, and removes what an earlier run left in it:
 * a report is of this run, or there is none.
 */
export async function openReportFolder(name: string, cwd: string): Promise<ReportFolder> {
  const path = resolve(cwd, name);
  try {
    await mkdir(path, { recursive: true });
    await removeEarlier(path);
    const probe = join(path, `.whyhung-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const hint = 'Give a folder in which you may write.';
    throw new InputError(`--report-dir ${name}: cannot be written (${reasonOf(error)})`, { hint, cause: error });
  }
  return { path, write: (files) => writeFiles(path, files) };
}

async function removeEarlier(path: string): Promise<void> {
  const report = await readFile(join(path, 'report.json'), 'utf8').catch(() => '');
  // Somebody else's files are left alone.
  if (!/^\{\s*"schema": "whyhung\/report\//.test(report)) return;
  for (const name of REPORTS) await rm(join(path, name), { force: true });
  for (const entry of await readdir(join(path, DUMPS), { withFileTypes: true }).catch(() => [])) {
    // A folder for each process.
    if (entry.isFile() || /^\d+$/.test(entry.name)) await rm(join(path, DUMPS, entry.name), { recursive: true });
  }
}

async function writeFiles(path: string, files: ReadonlyMap<string, string>): Promise<string | undefined> {
  for (const [name, text] of files) {
    const file = resolve(path, name);
    if (!file.startsWith(path + sep)) continue;
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (error) {
      // Half a report is worse than none.
      await rm(file, { force: true }).catch(() => {});
      return `${file}: cannot be written (${reasonOf(error)})`;
    }
  }
  return undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed',
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'it is a file, not a folder',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? error.message;
}
