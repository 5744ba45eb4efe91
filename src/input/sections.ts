import type { JsonParser, JsonSection, Line, Parser, TextParser, TextSection } from '../parsers/parser.ts';
import type { Claims } from './claims.ts';
import { findJsonDocuments, type JsonDocument } from './json-documents.ts';

/** A stretch of input together with the parser that claims it. */
export type ClaimedSection =
  | { readonly parser: TextParser; readonly section: TextSection }
  | { readonly parser: JsonParser; readonly section: JsonSection };

export interface Cut {
  readonly sections: readonly ClaimedSection[];
  /** Lines that no parser claims: what stands before the first dump. */
  readonly unclaimed: readonly Line[];
}

/** Cuts cleaned lines into sections, each claimed by exactly one parser, in the order of the input. */
export function cutSections(lines: readonly Line[], source: string, parsers: readonly Parser[], claims: Claims): Cut {
  const json = parsers.filter((parser) => parser.kind === 'json');
  const sections: ClaimedSection[] = [];
  const unclaimed: Line[] = [];
  let next = 0;
  const cutText = (end: number): void => {
    const cut = cutTextSections(lines.slice(next, end), source, claims);
    for (const section of cut.sections) sections.push(section);
    for (const line of cut.unclaimed) unclaimed.push(line);
  };
  for (const { documents, parser, value } of claimDocuments(findJsonDocuments(lines), json)) {
    const first = documents[0]?.firstLine ?? next;
    cutText(first);
    sections.push({ parser, section: { source, value, line: lines[first]?.number ?? 1 } });
    next = (documents.at(-1)?.lastLine ?? first) + 1;
  }
  cutText(lines.length);
  return { sections, unclaimed };
}

interface ClaimedDocuments {
  readonly documents: JsonDocument[];
  readonly parser: JsonParser;
  readonly value: unknown;
}

/**
 * Gives documents to parsers. Neighbours that one parser accepts together are one section: requests and responses of a
 * protocol, or one array a process from a shell loop.
 */
function claimDocuments(documents: readonly JsonDocument[], parsers: readonly JsonParser[]): ClaimedDocuments[] {
  const claimed: ClaimedDocuments[] = [];
  for (const document of documents) {
    const parser = parsers.find((candidate) => candidate.accepts(document.value));
    if (parser === undefined) continue;
    const last = claimed.at(-1);
    const adjacent = last !== undefined && document.firstLine <= (last.documents.at(-1)?.lastLine ?? 0) + 1;
    if (adjacent && last.parser === parser) last.documents.push(document);
    else claimed.push({ documents: [document], parser, value: document.value });
  }
  return claimed.map(({ documents: group, parser, value }) => ({
    documents: group,
    parser,
    value: group.length === 1 ? value : group.flatMap((document) => document.value),
  }));
}

/** Cuts lines that hold no JSON. A section lasts until another format certainly begins. */
export function cutTextSections(lines: readonly Line[], source: string, claims: Claims): Cut {
  const sections: ClaimedSection[] = [];
  const unclaimed: Line[] = [];
  let open: { parser: TextParser; lines: Line[] } | undefined;
  lines.forEach((line, index) => {
    const opens = line.text === '' ? undefined : opensAt(claims, open?.parser, lines, index);
    if (opens !== undefined) {
      open = { parser: opens, lines: [line] };
      sections.push({ parser: open.parser, section: { source, lines: open.lines } });
    } else if (open !== undefined) open.lines.push(line);
    else unclaimed.push(line);
  });
  return { sections, unclaimed };
}

function opensAt(
  claims: Claims,
  open: TextParser | undefined,
  lines: readonly Line[],
  at: number,
): TextParser | undefined {
  return open === undefined ? claims.strongest(lines, at)?.parser : claims.next(open, lines, at);
}
