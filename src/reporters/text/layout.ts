import type { Page } from './page.ts';
import { widthOf } from './width.ts';

/** Longer texts are cut before they are measured: names of expanded templates run to megabytes. */
const LONGEST = 4000;

/** At most `width` columns: what is too long loses its middle, since both ends of a name tell it apart. */
export function cutMiddle(text: string, width: number, { cut }: Pick<Page, 'cut'>): string {
  const short = text.length > LONGEST ? text.slice(0, LONGEST / 2) + text.slice(-LONGEST / 2) : text;
  if (short === text && widthOf(text) <= width) return text;
  const room = width - widthOf(cut);
  if (room <= 0) return takeColumns(Array.from(cut), width);
  const characters = Array.from(short);
  const head = takeColumns(characters, Math.ceil(room / 2));
  const tail = takeColumns(characters.reverse(), room - widthOf(head));
  return `${head}${cut}${Array.from(tail).reverse().join('')}`;
}

/** At most `width` columns: a path loses its outer folders, and its middle only where its last part alone is too long. */
export function cutPath(path: string, width: number, page: Pick<Page, 'cut'>): string {
  if (path.length <= LONGEST && widthOf(path) <= width) return path;
  const parts = path.slice(-LONGEST).split('/').reverse();
  let short = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    const longer = `${part}/${short}`;
    if (widthOf(longer) + widthOf(page.cut) + 1 > width) break;
    short = longer;
  }
  const cut = `${page.cut}/${short}`;
  return widthOf(cut) <= width ? cut : cutMiddle(short, width, page);
}

/** At most `width` columns: what is too long loses its end. */
export function cutEnd(text: string, width: number, { cut }: Pick<Page, 'cut'>): string {
  if (text.length <= LONGEST && widthOf(text) <= width) return text;
  return `${takeColumns(Array.from(text.slice(0, LONGEST)), Math.max(0, width - widthOf(cut))).trimEnd()}${cut}`;
}

function takeColumns(characters: readonly string[], width: number): string {
  let taken = '';
  let columns = 0;
  for (const character of characters) {
    columns += widthOf(character);
    if (columns > width) break;
    taken += character;
  }
  return taken;
}

/** Filled with blanks to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Lines of at most `width` columns. Words longer than a line are broken. */
export function wrap(text: string, width: number): string[] {
  const columns = Math.max(8, width);
  return text
    .slice(0, LONGEST)
    .split('\n')
    .flatMap((line) => wrapLine(line, columns));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.trim().split(' ')) {
    // Blanks within a line stay, at its ends they go.
    const longer = current === '' ? word : `${current} ${word}`;
    if (longer.length <= columns * 2 && widthOf(longer) <= columns) {
      current = longer;
      continue;
    }
    // A word that no line can hold goes on where the line stands.
    const room = word.length > columns || widthOf(word) > columns ? columns - widthOf(current) - 1 : 0;
    const head = current !== '' && room > 0 ? takeColumns(Array.from(word), room) : '';
    if (current !== '') lines.push(head === '' ? current.trimEnd() : `${current} ${head}`);
    const pieces = breakWord(word.slice(head.length), columns);
    current = pieces.pop() ?? '';
    for (const piece of pieces) lines.push(piece);
  }
  return [...lines, current];
}

function breakWord(word: string, columns: number): string[] {
  if (word.length <= columns && widthOf(word) <= columns) return [word];
  const pieces: string[] = [];
  let piece = '';
  let taken = 0;
  for (const character of word) {
    const width = widthOf(character);
    if (taken + width > columns) {
      pieces.push(piece);
      piece = '';
      taken = 0;
    }
    piece += character;
    taken += width;
  }
  return [...pieces, piece];
}

/** The first line begins with `head`, all others are indented, by its width unless told otherwise. */
export function hang(head: string, text: string, width: number, indent = widthOf(head)): string[] {
  const room = width - Math.max(indent, widthOf(head));
  return wrap(text, room).map((line, index) => `${index === 0 ? head : ' '.repeat(indent)}${line}`.trimEnd());
}

/** At most `count` lines of `width` columns; the last one says that something is missing. */
export function clip(lines: readonly string[], count: number, width: number, { cut }: Pick<Page, 'cut'>): string[] {
  if (lines.length <= count) return [...lines];
  const kept = lines.slice(0, count);
  const last = takeColumns(Array.from(kept.pop() ?? ''), width - widthOf(cut) - 1).trimEnd();
  return [...kept, `${last} ${cut}`];
}
