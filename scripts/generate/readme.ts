import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { diagnose } from '../../src/diagnose.ts';
import type { Parser } from '../../src/parsers/parser.ts';
import type { Reporter } from '../../src/reporters/reporter.ts';
import text from '../../src/reporters/text/index.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { rulesTable } from './rule-pages.ts';

export interface Registries {
  readonly parsers: readonly Parser[];
  readonly rules: readonly Rule[];
  readonly reporters: readonly Reporter[];
}

/** The README with its tables between `<!-- generated: NAME -->` and `<!-- /generated -->` written anew. */
export function fillReadme(root: string, readme: string, { parsers, rules, reporters }: Registries): string {
  const tables: Readonly<Record<string, string>> = {
    session: session(root, readme),
    formats: table(
      ['format', 'what it reads'],
      parsers.map(({ format, title }) => [`\`${format}\``, title]),
    ),
    reporters: table(
      ['`--format`', 'what it is for'],
      reporters.map(({ format, title }) => [`\`${format}\``, title]),
    ),
    rules: rulesTable(rules, 'docs/rules/'),
  };
  return readme.replace(
    /(<!-- generated: ([a-z]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (whole, open, name, close) => {
      const body = tables[name];
      return body === undefined ? whole : `${open}${body}\n${close}`;
    },
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** What the README's first command prints, so that its example is true: the dumps are those that the command names. */
function session(root: string, readme: string): string {
  const [command = ''] = /npm start -- .*/.exec(readme) ?? [];
  const inputs = [...command.matchAll(/fixtures\/\S+/g)].map(([path]) => join(root, path));
  if (inputs.length === 0) return '';
  const diagnosis = diagnose(inputs.map((path) => ({ name: basename(path), bytes: readFileSync(path) })));
  const report = text.render(diagnosis, { color: false, width: 100, unicode: true, verbose: false });
  return `\`\`\`\n${report.trimEnd()}\n\`\`\``;
}
