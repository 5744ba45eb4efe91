import { homedir, hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Python, Tools } from './interpreters.ts';
import { CACHE, REPOSITORY, type Recipe } from './recipe.ts';

export type Scrub = (text: string) => string;

const PROXY_VARIABLES = [
  'http_proxy',
  'https_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
];

/** Debug information names where pyenv compiled: /tmp/python-build.20260509073455.222/Python-3.11.7/Python/ceval.c */
const PYENV_BUILD = /\/tmp\/python-build\.[\d.]+\//g;

/** Replaces what belongs to this machine, and throws if something of it is left. */
export function makeScrub(recipe: Recipe, python: Python, tools: Tools): Scrub {
  const installations = python.prefix === undefined ? [] : [[dirname(python.prefix), '/opt/python'] as const];
  const replacements = [
    ...installations,
    ...(python.venv === undefined ? [] : [[python.venv, '/srv/venv'] as const]),
    [recipe.app, '/srv/app'] as const,
    [tools.bin.replace(/\/bin$/, ''), '/opt/tools'] as const,
    [CACHE, '/srv/capture'] as const,
    [REPOSITORY, '/srv/repository'] as const,
    [homedir(), '/home/app'] as const,
  ].toSorted(([a], [b]) => b.length - a.length);

  return (text) => {
    const clean = replacements
      .reduce((result, [from, to]) => result.replaceAll(from, to), text)
      .replace(PYENV_BUILD, '/usr/src/')
      .replace(wholeWord(hostname()), 'host');
    const left = forbidden().find((pattern) => pattern.test(clean));
    if (left !== undefined) throw new Error(`not scrubbed: ${left.source} in ${JSON.stringify(around(clean, left))}`);
    return clean;
  };
}

function forbidden(): RegExp[] {
  const hosts = PROXY_VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value !== undefined && URL.canParse(value) ? [wholeWord(new URL(value).hostname)] : [];
  });
  // Not inside a longer path: /proc/12/root is the kernel's.
  return [/(?<![\w.-])\/root\b/, /(?<![\w.-])\/work\b/, wholeWord(hostname()), ...hosts];
}

const wholeWord = (word: string): RegExp =>
  new RegExp(`(?<![\\w.-])${word.replace(/[.\\^$*+?()[\]{}|-]/g, '\\$&')}(?![\\w-])`, 'g');

function around(text: string, pattern: RegExp): string {
  const at = text.search(pattern);
  return text.slice(Math.max(0, at - 60), at + 60);
}
