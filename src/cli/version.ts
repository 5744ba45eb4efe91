import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** Two folders up both from src/cli and from dist/cli. */
const MANIFEST = new URL('../../package.json', import.meta.url);

export const VERSION = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(MANIFEST, 'utf8'))).version;
