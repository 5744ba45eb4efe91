import type { Warning } from '../../model/dump.ts';
import { hang } from './layout.ts';
import type { Page } from './page.ts';

/** Of no use to a person unless asked for: prose around dumps is the normal case in a ticket. */
const QUIET: ReadonlySet<string> = new Set(['text-around-dumps']);
const SHOWN = 8;

/** "dump.txt:97: 3 lines …", and below it the way out. */
export function drawWarnings(warnings: readonly Warning[], page: Page): string[] {
  const wanted = page.verbose ? warnings : warnings.filter(({ code }) => !QUIET.has(code));
  const shown = page.verbose ? wanted : wanted.slice(0, SHOWN);
  const left = wanted.length - shown.length;
  return [
    ...shown.flatMap((warning) => drawWarning(warning, page)),
    ...(left > 0 ? [`and ${left} more warnings (-v shows them)`] : []),
  ];
}

function drawWarning({ code, message, hint, source, line }: Warning, page: Page): string[] {
  const place = source === undefined ? '' : `${source}${line === undefined ? '' : `:${line}`}: `;
  const text = page.say(`${place}${message}${page.verbose ? `  [${code}]` : ''}`);
  const [first = '', ...rest] = hang('', text, page.width);
  return [
    page.yellow(first),
    ...rest.map((one) => `  ${one}`),
    ...(hint === undefined ? [] : hang('  ', page.say(hint), page.width).map(page.dim)),
  ];
}
