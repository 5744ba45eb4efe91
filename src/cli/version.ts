import { readFileSync } from 'node:fs';

/** Two folders up both from src/cli and from dist/cli. */
const MANIFEST = new URL('../../package.json', import.meta.url);

export const VERSION = versionOf(JSON.parse(readFileSync(MANIFEST, 'utf8')));

/** By hand: loading zod takes longer than all else that the command line needs at its start. */
function versionOf(manifest: unknown): string {
  const hasOne = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasOne && typeof manifest.version === 'string' ? manifest.version : 'unknown';
}
