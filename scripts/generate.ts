import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillReadme, type Registries } from './generate/readme.ts';
import { makeRegistries } from './generate/registries.ts';
import { makeRulePages } from './generate/rule-pages.ts';
import { makeSchema } from './generate/schema.ts';

/**
 * npm run generate            writes registries, rule pages, README tables and the schema of the report
 * npm run generate -- --check  writes nothing; exits 1 and names what is stale
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const stale = [...settle(makeRegistries(root))];
stale.push(...settle(await makeDocuments()), ...removeLeftPages());

if (stale.length > 0) {
  const verb = check ? 'stale' : 'written';
  console.log(stale.map((path) => `${verb}: ${path}`).join('\n'));
}
if (check && stale.length > 0) {
  console.error(`${stale.length} generated files are stale. Run: npm run generate`);
  process.exitCode = 1;
}

/** Writes what differs from the disk, or with --check only names it. */
function settle(files: ReadonlyMap<string, string>): string[] {
  const changed = [...files].filter(([path, text]) => readIfThere(path) !== text);
  if (!check) {
    for (const [path, text] of changed) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }
  return changed.map(([path]) => path);
}

/** Registries are written first: the units are imported through them. */
async function makeDocuments(): Promise<Map<string, string>> {
  const [{ PARSERS }, { RULES }, { REPORTERS }] = await Promise.all([
    import('../src/generated/parsers.ts'),
    import('../src/generated/rules.ts'),
    import('../src/generated/reporters.ts'),
  ]);
  const registries: Registries = { parsers: PARSERS, rules: RULES, reporters: REPORTERS };
  const files = new Map([...makeRulePages(root, RULES), ['schema/report-1.json', makeSchema()]]);
  const readme = readIfThere('README.md');
  if (readme !== undefined) files.set('README.md', fillReadme(root, readme, registries));
  return files;
}

/** Pages of rules that are no more. */
function removeLeftPages(): string[] {
  const folder = 'docs/rules';
  if (!existsSync(join(root, folder))) return [];
  const ids = new Set(
    readdirSync(join(root, 'src/rules'), { recursive: true, encoding: 'utf8' }).map((path) =>
      path.replace(/^.*[\\/]|\.ts$/g, ''),
    ),
  );
  const left = readdirSync(join(root, folder)).filter(
    (name) => name !== 'README.md' && !ids.has(name.replace(/\.md$/, '')),
  );
  if (!check) for (const name of left) rmSync(join(root, folder, name));
  return left.map((name) => `${folder}/${name}`);
}

function readIfThere(path: string): string | undefined {
  const full = join(root, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
}
