import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../src/index.ts';
import { diagnoseFiles, type HangCase, hangCases } from './support/cases.ts';

// The dumps of a case were taken from its program as it stands beside them: what they say of its functions and lines is true.

describe.each(hangCases())('$name', (one) => {
  test('dumps show the program that stands beside them', () => {
    const programs = programsOf(one);
    const frames = dumpsOf(one).flatMap((dump) => framesOf(one, dump));
    const strangers = frames
      .map((frame) => ({ frame, lines: programs.get(programName(frame)) }))
      .flatMap(({ frame, lines }) => (lines === undefined || isIn(lines, frame) ? [] : [frame]));
    expect(new Set(strangers.map((frame) => `${frame.function} (${frame.file}:${frame.line})`))).toEqual(new Set());
  });
});

/** Lines of the Python files of a case, by name. Those above it serve several cases. */
function programsOf({ folder }: HangCase): Map<string, string[]> {
  const sources = [folder, join(folder, '..')].flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.endsWith('.py'))
      .map((name) => join(place, name)),
  );
  // The case's own files come first and win.
  return new Map(
    sources.reverse().map((path): [string, string[]] => [basename(path), readFileSync(path, 'utf8').split('\n')]),
  );
}

function dumpsOf({ folder }: HangCase): string[] {
  const dumps = join(folder, 'dumps');
  return existsSync(dumps) ? readdirSync(dumps) : [];
}

function framesOf({ folder }: HangCase, dump: string): Frame[] {
  const { capture } = diagnoseFiles(join(folder, 'dumps'), [dump]);
  return capture.processes.flatMap(({ threads }) =>
    threads.flatMap(({ frames }) => frames.filter(({ language }) => language === 'python')),
  );
}

/** "/srv/app/client.py" and, as py-spy shortens it, "client.py"; "flask/app.py" is a library's. */
function programName({ file = '' }: Frame): string {
  return file.replace(/^\/srv\/app\//, '');
}

/** Whether the line lies in the function, by indentation: the nearest line above that stands further left and begins a def. */
function isIn(lines: readonly string[], { function: name, line }: Frame): boolean {
  if (line === undefined || line === 0) return true;
  const text = lines[line - 1];
  if (text === undefined) return false;
  const plain = name.split('.').at(-1) ?? name;
  if (plain.startsWith('<')) return true;
  let indent = indentOf(text);
  if (new RegExp(`^\\s*(?:async )?def ${plain}\\b`).test(text)) return true;
  for (let at = line - 2; at >= 0; at -= 1) {
    const above = lines[at] ?? '';
    if (above.trim() === '' || indentOf(above) >= indent) continue;
    indent = indentOf(above);
    const found = /^\s*(?:async )?(?:def|class) (\w+)/.exec(above)?.[1];
    if (found !== undefined) return found === plain;
  }
  return false;
}

const indentOf = (text: string): number => text.length - text.trimStart().length;
