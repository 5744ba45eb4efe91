import { CAUSES } from '../model/cause.ts';
import type { RemediationKind } from '../model/diagnosis.ts';
import type { Rule } from '../rules/rule.ts';

/** An item of a list; `code` is shown verbatim and can be pasted. */
export interface Item {
  readonly text: string;
  readonly code?: string | undefined;
  readonly url?: string | undefined;
}

/** A section of a rule's page, for whichever page: a terminal's or a document's. */
export interface Section {
  readonly heading: string;
  readonly text?: string;
  readonly items?: readonly Item[];
}

const KINDS: Readonly<Record<RemediationKind, string>> = { now: 'Now', fix: 'Fix', prevent: 'Avoid', verify: 'Verify' };

/** What a rule's metadata says, in the order of its page. Sections without content are left out. */
export function ruleSections(rule: Rule): Section[] {
  const sections: Section[] = [
    { heading: 'What it means', text: rule.explanation },
    {
      heading: 'What the tool looks at',
      text: looksAt(rule),
      items: rule.signatures.map(({ find, confidence }) => ({ text: confidence, code: find })),
    },
    { heading: 'What the dump has to show', items: rule.needs.map((text) => ({ text })) },
    {
      heading: 'What to do',
      items: rule.remediation.map(({ kind, step, command }) => ({ text: `${KINDS[kind]}: ${step}`, code: command })),
    },
    { heading: 'When this is not the cause', items: rule.notWhen.map((text) => ({ text })) },
    {
      heading: 'References',
      items: rule.references.map(({ title, url, establishes }) => ({
        text: establishes === undefined ? title : `${title}: ${establishes}`,
        url,
      })),
    },
  ];
  return sections.filter(({ text = '', items = [] }) => text !== '' || items.length > 0);
}

/** "gc-finalizer-blocking (pyzmq): a finalizer, run by the collector …" */
export function describeCause({ cause, library }: Rule): string {
  return `${cause}${library === undefined ? '' : ` (${library})`}: ${CAUSES[cause]}`;
}

function looksAt({ signatures, match }: Rule): string {
  const stacks =
    signatures.length > 0 ? 'One of these on a stack, outermost call first, and how sure it makes us:' : '';
  const code =
    match === undefined ? '' : 'How the threads stand to each other: what each one waits for and who holds it.';
  return [code, stacks].filter((text) => text !== '').join(' ');
}
