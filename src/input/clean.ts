import type { Line } from '../parsers/parser.ts';

/** A colour or cursor sequence, a window title, or a two-byte escape. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

/** The same after `cat -v`: "^[[33m". */
const CARET_ESCAPES = /\^\[\[[0-9;?]*[A-Za-z]/g;

/** The same after a log system has eaten the escape byte: "[33m", "[0m". */
const BARE_COLOURS = /\[(?:\d{1,3}(?:;\d{1,3})*)m/g;

/**
 * Cuts text into lines, without what terminals and shells put around characters: escapes, carriage returns, NULs
 * (py-spy pads command lines of core files with them), the byte order mark and no-break spaces.
 * Line numbers are those an editor shows.
 */
export function cleanLines(text: string): Line[] {
  const plain = dropControls(text.startsWith('\ufeff') ? text.slice(1) : text);
  const lines: Line[] = [];
  let number = 0;
  for (const physical of plain.split(/\r*\n/)) {
    number += 1;
    // A carriage return inside a line is what progress bars and terminal recordings leave.
    if (physical.includes('\r')) {
      for (const part of physical.split('\r')) if (part !== '') lines.push({ text: part.trimEnd(), number });
    } else {
      lines.push({ text: physical.trimEnd(), number });
    }
  }
  return lines;
}

function dropControls(text: string): string {
  let plain = text;
  if (plain.includes('\x1b')) plain = plain.replace(ESCAPES, '');
  if (plain.includes('^[[')) plain = plain.replace(CARET_ESCAPES, '');
  if (plain.includes('m') && plain.includes('[')) plain = plain.replace(BARE_COLOURS, '');
  if (plain.includes('\0')) plain = plain.replaceAll('\0', '');
  if (plain.includes('\u00a0')) plain = plain.replaceAll('\u00a0', ' ');
  return plain;
}
