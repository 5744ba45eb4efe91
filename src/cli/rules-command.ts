import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { RULES } from '../generated/rules.ts';
import { CAUSES } from '../model/cause.ts';
import type { Rule } from '../rules/rule.ts';
import { closestTo } from './closest.ts';
import { EXIT } from './exit-codes.ts';
import { InputError } from './input-error.ts';
import type { Io } from './io.ts';
import { describeCause, type Item, ruleSections, type Section } from './rule-sections.ts';
import { widthOf } from './terminal.ts';

/** `whyhung rules [ID]` */
export function runRules(id: string | undefined, io: Io): number {
  const width = Math.min(110, widthOf(io.stdout, undefined));
  const rule = RULES.find((one) => one.id === id);
  if (id !== undefined && rule === undefined) throw unknownRule(id);
  io.stdout.write(rule === undefined ? listRules(RULES, width) : showRule(rule, width));
  return EXIT.nothing;
}

function unknownRule(id: string): InputError {
  const close = closestTo(
    id,
    RULES.map((rule) => rule.id),
  );
  const meant = close.length === 0 ? '' : `Did you mean ${close.join(' or ')}? `;
  return new InputError(`rules ${JSON.stringify(id)}: no such rule`, {
    hint: `${meant}See them all with: whyhung rules`,
  });
}

/** Grouped by cause, in the order of the closed list. */
function listRules(rules: readonly Rule[], width: number): string {
  const column = Math.max(0, ...rules.map(({ id }) => id.length)) + 2;
  const groups = Object.entries(CAUSES).flatMap(([cause, says]) => {
    const members = rules.filter((rule) => rule.cause === cause);
    if (members.length === 0) return [];
    return [
      [`${cause}: ${says}`, ...members.flatMap(({ id, title }) => indent(`  ${id.padEnd(column)}`, title, width))].join(
        '\n',
      ),
    ];
  });
  return `${groups.join('\n\n')}\n\n${rules.length} rules. The page of one: whyhung rules ID\n`;
}

function showRule(rule: Rule, width: number): string {
  const head = [
    rule.id,
    ...wrap(rule.title, width),
    '',
    ...wrap(rule.summary, width),
    '',
    ...wrap(`Cause: ${describeCause(rule)}`, width),
  ];
  const body = ruleSections(rule).flatMap((section) => ['', ...showSection(section, width)]);
  return `${[...head, ...body].join('\n')}\n`;
}

function showSection({ heading, text, items = [] }: Section, width: number): string[] {
  return [
    heading,
    ...(text === undefined || text === '' ? [] : indent('  ', text, width)),
    ...items.flatMap((item) => showItem(item, width)),
  ];
}

/** Code and addresses are not wrapped, so that they can be pasted. */
function showItem({ text, code, url }: Item, width: number): string[] {
  return [
    ...indent('  - ', text, width),
    ...(code === undefined ? [] : [`      ${code}`]),
    ...(url === undefined ? [] : [`    ${url}`]),
  ];
}

function indent(head: string, text: string, width: number): string[] {
  const columns = stringWidth(head);
  // A first column that leaves no room for the second takes a line of its own.
  if (width - columns < 24) return [head.trimEnd(), ...wrap(text, width - 6).map((line) => `      ${line}`)];
  return wrap(text, width - columns).map((line, index) => `${index === 0 ? head : ' '.repeat(columns)}${line}`);
}

function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(8, width), { hard: true }).split('\n');
}
