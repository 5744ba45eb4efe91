import type { Line } from '../parsers/parser.ts';

/** "```text": the fence of a code block. Three tildes exactly, for longer rules of them are pytest-timeout's. */
const FENCE = /^\s*(?:`{3,}|~~~(?!~))\s*[\w+-]*$/;

/** "<details><summary>dump</summary>": wrappers that a ticket system shows as structure. */
const WRAPPER_TAGS = /<\/?(?:details|summary|pre|code|p|br ?\/?)>/gi;

/** "> > text": quoting, in any depth. Not ">>>", Python's prompt. */
const QUOTE = /^ {0,3}(?:>(?!>) ?)+/;

/** "`#0  poll ()`": each line in a code span of its own. */
const CODE_SPAN = /^\s*`([^`]+)`$/;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", nbsp: ' ' };
const ENTITY = /&(lt|gt|amp|quot|#39|nbsp);/g;

/** "__init\_\_": what Markdown editors escape. */
const ESCAPED = /\\([_*<>`])/g;

/** Undoes what ticket systems and mail programs do to pasted text. Fences become blank lines, so that numbers stay. */
export function undoMarkup(lines: readonly Line[]): Line[] {
  return lines.map((line) => {
    const text = undoLine(line.text);
    return text === line.text ? line : { text, number: line.number };
  });
}

function undoLine(original: string): string {
  if (!MARKUP.test(original)) return original;
  let text = original;
  if (text.includes('>')) text = text.replace(QUOTE, '');
  if (FENCE.test(text)) return '';
  if (text.includes('<')) text = text.replace(WRAPPER_TAGS, '');
  if (text.includes('&')) text = text.replace(ENTITY, (whole, name: string) => ENTITIES[name] ?? whole);
  if (text.includes('\\')) text = text.replace(ESCAPED, '$1');
  return text.replace(CODE_SPAN, '$1');
}

/** One cheap test, since nearly every line of a dump has none of it. */
const MARKUP = /^\s*[>`~]|<\/?[a-z]|&[a-z#]|\\[_*<>`]/i;
