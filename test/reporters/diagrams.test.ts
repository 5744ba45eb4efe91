import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import type { WaitGraph } from '../../src/model/wait-graph.ts';
import dot from '../../src/reporters/dot.ts';
import mermaid from '../../src/reporters/mermaid.ts';
import { HOSTILE } from '../support/hostile-text.ts';

const OPTIONS = { color: false, width: 80, unicode: true, verbose: false };

/** Signs that mean something to Mermaid, Graphviz, HTML or Markdown. */
const MARKUP = fc
  .array(
    fc.oneof(
      HOSTILE,
      fc.constantFrom(
        '"',
        '\\',
        '\\"',
        ']',
        '|',
        '<b>',
        '&quot;',
        '#quot;',
        '`',
        '__x__',
        '1. ',
        '\\N',
        '%%{',
        'www.x.y',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('whatever a label holds, it stays inside its quotes', () => {
  test('as mermaid', () => {
    fc.assert(
      fc.property(MARKUP, (text) => {
        for (const line of linesOf(mermaid.render(withLabels(text), OPTIONS))) expect(line).toMatch(MERMAID_LINE);
      }),
    );
  });

  test('as dot', () => {
    fc.assert(
      fc.property(MARKUP, (text) => {
        for (const line of linesOf(dot.render(withLabels(text), OPTIONS))) expect(line).toMatch(DOT_LINE);
      }),
    );
  });
});

test('without waits there is still a diagram', () => {
  const empty = withGraph({ nodes: [], edges: [], cycles: [], roots: [] });
  expect(mermaid.render(empty, OPTIONS)).toBe('flowchart LR\n  none["no thread waits for another one in this dump"]\n');
  expect(dot.render(empty, OPTIONS)).toMatch(
    /^digraph waits \{\n[^{}]*none \[label="[^"]*", shape=plaintext\];\n\}\n$/,
  );
});

/** `n1["…"]`, `n1(["…"])`, `n1 -->|"…"| n2`, with entities and plain characters only inside of the quotes. */
const MERMAID_LINE =
  /^(?:flowchart LR| {2}n\d+\(?\["(?:[A-Za-z0-9 ,./()-]|#\d+;|<br\/>)*"\]\)?| {2}n\d+ -\.?->\|"[a-z ()]+"\| n\d+| {2}(?:classDef|class|linkStyle) [\w ,:#]+)$/;

/** `n1 [label="…", …];`, with no bare quote and no line break inside of the quotes. */
const DOT_LINE =
  /^(?:digraph waits \{|\}| {2}rankdir=LR;| {2}(?:node|edge) \[[^\]]*\];| {2}n\d+(?: -> n\d+)? \[label="(?:[^"\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|\\\\|\\"|\\n)*"(?:, \w+=(?:\w+|"#\w+"))*\];)$/u;

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

function withLabels(text: string): Diagnosis {
  const thread = { kind: 'thread' as const, label: text, pid: 1, threadId: text };
  const lock = { kind: 'lock' as const, label: text, pid: 1, threadId: undefined };
  const [one, other] = [`thread ${text}`, `lock ${text}`];
  return withGraph({
    nodes: [
      { ...thread, id: one },
      { ...lock, id: other },
    ],
    edges: [
      { from: one, to: other, kind: 'wants', inferred: false, why: text },
      { from: other, to: one, kind: 'held-by', inferred: true, why: text },
    ],
    cycles: [[one, other]],
    roots: [{ nodes: [one], behind: 0 }],
  });
}

function withGraph(waits: WaitGraph): Diagnosis {
  return { verdict: 'unknown', hypotheses: [], capture: { processes: [], tools: [], moments: 1 }, waits, warnings: [] };
}
