import type { Facts } from '../../analysis/facts.ts';
import { isImporting, waitsForImport } from '../../analysis/imports.ts';
import { groupByProcess } from '../../analysis/wait-graph.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const BOOTSTRAP = '*importlib._bootstrap*';

export default defineRule({
  id: 'import-waits-for-import',
  cause: 'import-lock',
  library: undefined,
  title: 'an import waits for a module whose import waits for it',
  summary:
    'A thread wants to import a module that another thread is importing. That other thread, inside the import, waits for the first: by joining it, by asking for its result, or for a module that the first is importing.',
  explanation:
    'Each module has a lock while it is imported. Code at the top level of a module runs under that lock. If it starts a thread and waits for it, and the thread imports the same module (or anything that does), both wait. Imports inside functions make it depend on who comes first.',
  signatures: [
    {
      find: `py:has_deadlock@${BOOTSTRAP}$`,
      confidence: 'likely',
      notes: { [`py:has_deadlock@${BOOTSTRAP}$`]: 'walks in circles through the chain of import locks' },
    },
  ],
  match,
  needs: ['the Python frames of all threads: py-spy dump --pid PID'],
  notWhen: ['the thread that imports is at work: a slow import is no deadlock'],
  remediation: [
    { kind: 'now', step: 'Neither thread can be freed. Keep the dumps, then end the process.', command: 'kill -9 PID' },
    {
      kind: 'fix',
      step: 'Start no threads, and wait for none, at the top level of a module: move that into a function that is called after the import.',
    },
    {
      kind: 'prevent',
      step: 'Import at the top of modules, not inside functions that threads run; import what threads need before they are started.',
    },
    { kind: 'verify', step: 'The import alone comes to an end.', command: "python -X importtime -c 'import MODULE'" },
  ],
  references: [
    {
      title: 'Python 3.3: per-module import locks (bpo-9260)',
      url: 'https://docs.python.org/3/whatsnew/3.3.html',
      establishes: 'each module has a lock of its own while it is imported',
    },
  ],
});

function* match({ threads }: Facts): Iterable<Match> {
  for (const ofProcess of groupByProcess(threads).values()) {
    const waiting = ofProcess.filter((thread) => waitsForImport(thread) && thread.thread.progress !== 'moving');
    const importing = ofProcess.filter(
      (thread) => !waiting.includes(thread) && isImporting(thread) && thread.thread.activity !== 'active',
    );
    if (waiting.length === 0 || (importing.length === 0 && waiting.length < 2)) continue;
    yield {
      confidence: 'likely',
      threads: [
        ...waiting.map((thread) => witness(thread, 'waits for a module that another thread imports')),
        ...importing.map((thread) => witness(thread, 'imports, and waits inside the import')),
      ],
    };
  }
}
