import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFrame } from '../../../src/model/frame.ts';
import { makeProcess } from '../../../src/model/process.ts';
import { makeThread } from '../../../src/model/thread.ts';
import { render } from '../../../src/reporters/text/index.ts';
import { HOSTILE } from '../../support/hostile-text.ts';

const PLACE = { source: 'stdin', line: 1 };

test('whatever a dump holds, a report holds only printable lines', () => {
  const options = fc.record({
    color: fc.constant(false),
    width: fc.integer({ min: 20, max: 200 }),
    unicode: fc.boolean(),
    verbose: fc.boolean(),
  });
  fc.assert(
    fc.property(HOSTILE, options, (text, given) => {
      const report = render(diagnosisWith(text), given);
      expect(report.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
    }),
    // Each run lays out a whole page, which libraries for text width are slow at.
    { numRuns: 30 },
  );
}, 120_000);

test('a name of a megabyte takes no more room than any other', () => {
  const options = { color: false, width: 80, unicode: true, verbose: false };
  const long = render(diagnosisWith('x'.repeat(1_000_000)), options);
  expect(long.length).toBeLessThan(40_000);
});

/** A diagnosis that holds the text wherever a dump's text can come to stand. */
function diagnosisWith(text: string) {
  const place = { source: text, line: 1 };
  const frame = makeFrame({ language: 'python', function: text, file: text, module: text, place });
  const thread = makeThread({ id: text, name: text, frames: [frame, frame, frame], notes: [text], place });
  const evidence = { pid: 1, threadId: text, threadName: text, note: text, frames: [{ index: 0, frame, note: text }] };
  const hypothesis = {
    ...{ rule: text, cause: 'other' as const, title: text, summary: text, explanation: text, library: text },
    yourCode: text,
    confidence: 'likely' as const,
    evidence: [evidence],
    remediation: [{ kind: 'now' as const, step: text, command: text }],
    references: [{ title: text, url: text, establishes: text }],
    unseen: [{ what: text, command: text }],
    alsoMatches: [text],
  };
  const process = makeProcess({
    pid: 1,
    command: text,
    pythonVersion: text,
    origin: text,
    threads: [thread],
    place: PLACE,
  });
  return {
    verdict: 'hang' as const,
    hypotheses: [hypothesis, hypothesis],
    capture: { processes: [process], tools: [text], moments: 1 },
    waits: waitsWith(text),
    warnings: [{ code: text, message: text, hint: text, source: text, line: 1 }],
  };
}

function waitsWith(text: string) {
  const node = { label: text, pid: 1, threadId: text };
  return {
    nodes: [
      { ...node, id: `thread ${text}`, kind: 'thread' as const },
      { ...node, id: `lock ${text}`, kind: 'lock' as const },
      { ...node, id: 'another', kind: 'thread' as const },
    ],
    edges: [
      { from: `thread ${text}`, to: `lock ${text}`, kind: 'wants' as const, inferred: false, why: text },
      { from: `lock ${text}`, to: 'another', kind: 'held-by' as const, inferred: true, why: text },
    ],
    cycles: [],
    roots: [{ nodes: ['another'], behind: 1 }],
  };
}
