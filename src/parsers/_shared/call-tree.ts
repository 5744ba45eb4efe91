import type { Frame } from '../../model/frame.ts';

/** A node of a call tree: a frame, how often it was seen, and what it called. */
export interface CallNode {
  readonly frame: Frame;
  readonly count: number;
  readonly column: number;
  readonly calls: CallNode[];
}

/** Builds trees from lines in which the column shows the depth. */
export interface CallTree {
  readonly roots: CallNode[];
  add(frame: Frame, count: number, column: number): void;
}

export function growCallTree(): CallTree {
  const roots: CallNode[] = [];
  const path: CallNode[] = [];
  return {
    roots,
    add(frame, count, column) {
      while ((path.at(-1)?.column ?? -1) >= column) path.pop();
      const node: CallNode = { frame, count, column, calls: [] };
      (path.at(-1)?.calls ?? roots).push(node);
      path.push(node);
    },
  };
}

/** The path that was seen most often at every step; innermost first. `count` is that of its end. */
export function heaviestPath(roots: readonly CallNode[]): { readonly frames: Frame[]; readonly count: number } {
  const frames: Frame[] = [];
  let count = 0;
  let calls = roots;
  while (calls.length > 0) {
    const heaviest = calls.reduce((best, node) => (node.count > best.count ? node : best));
    frames.push(heaviest.frame);
    count = heaviest.count;
    calls = heaviest.calls;
  }
  return { frames: frames.reverse(), count };
}
