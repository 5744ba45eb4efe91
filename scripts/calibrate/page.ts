import { existsSync, readFileSync } from 'node:fs';

/** What is measured, by the name of its block on the page; undefined leaves the block as it is. */
export type Blocks = Readonly<Record<'lab' | 'corpus', string | undefined>>;

const EMPTY = `# Calibration

How often whyhung is right, measured by \`npm run calibrate\`. \`certain\` is meant to be right 99 times in 100, \`likely\` 9 in 10,
\`possible\` 1 in 2. Right first means that the first hypothesis names the true cause family, or one that a fair judge takes as
well; of a healthy process, that nothing else is called certain or likely.

## The lab

Hangs and healthy services made for real and captured with the real tools: \`fixtures/hangs/\`.

<!-- generated: lab -->
<!-- /generated -->

## Public threads

<!-- generated: corpus -->
<!-- /generated -->
`;

export function readPage(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : EMPTY;
}

export function fillPage(page: string, blocks: Blocks): string {
  return Object.entries(blocks).reduce(
    (text, [name, block]) =>
      block === undefined
        ? text
        : text.replace(
            new RegExp(`(<!-- generated: ${name} -->\\n)[^]*?(<!-- /generated -->)`),
            (_whole, start: string, end: string) => `${start}\n${block}\n\n${end}`,
          ),
    page,
  );
}
