import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * npm run new rule zmq/context-finalized   a rule with a firing case and a near miss
 * npm run new parser austin                a parser with a fixture
 * npm run new reporter teamcity            a reporter
 */
const USAGE = `usage: npm run new rule SUBJECT/ID      lower case, with hyphens: zmq/context-finalized
       npm run new parser FORMAT
       npm run new reporter FORMAT`;

const root = fileURLToPath(new URL('..', import.meta.url));
const [kind = '', name = ''] = process.argv.slice(2);
const plan = makePlan(kind, name);

if (typeof plan === 'string') {
  console.error(plan);
  process.exitCode = 2;
} else {
  const taken = plan.map(({ path }) => path).filter((path) => existsSync(join(root, path)));
  if (taken.length > 0) {
    console.error(`${taken.join(', ')}: already there. Choose another name.`);
    process.exitCode = 2;
  } else {
    for (const { path, text } of plan) write(path, text);
    console.log(
      `${plan.map(({ path }) => `written: ${path}`).join('\n')}\nFill them in, then: npm run generate && npm run check`,
    );
  }
}

interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** The files to write, or what is wrong with the call. */
function makePlan(kind: string, name: string): NewFile[] | string {
  const part = '[a-z0-9]+(?:-[a-z0-9]+)*';
  const pattern = new RegExp(kind === 'rule' ? `^${part}/${part}$` : `^${part}$`);
  if (!pattern.test(name)) return USAGE;
  if (kind === 'rule') return planRule(name);
  if (kind === 'parser') {
    const dump = { path: `fixtures/formats/${name}/plain/dump.txt`, text: `=== ${name} dump of process 4242 ===\n` };
    return [{ path: `src/parsers/${name}.ts`, text: fill('parser.ts', name) }, dump];
  }
  return kind === 'reporter' ? [{ path: `src/reporters/${name}.ts`, text: fill('reporter.ts', name) }] : USAGE;
}

function planRule(name: string): NewFile[] {
  const [subject = '', id = ''] = name.split('/');
  const makeCase = (folder: string, cause: string, verdict: string): NewFile[] => [
    {
      path: `${folder}/case.json`,
      text: fill('case.json', id).replace('__CAUSE__', cause).replace('__VERDICT__', verdict),
    },
    { path: `${folder}/program.py`, text: '"""Hangs. Small enough to be read whole."""\n' },
    { path: `${folder}/NOTES.md`, text: 'Tools and versions, what hung, what was scrubbed.\n' },
  ];
  return [
    { path: `src/rules/${subject}/${id}.ts`, text: fill('rule.ts', id) },
    ...makeCase(`fixtures/hangs/${subject}/${id}`, 'other', 'hang'),
    ...makeCase(`fixtures/hangs/${subject}/near-miss-${id}`, 'healthy-idle', 'healthy'),
  ];
}

function fill(template: string, id: string): string {
  return readFileSync(join(root, 'scripts/templates', `${template}.txt`), 'utf8').replaceAll('__ID__', id);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
