import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/cases.ts';
import { attach, explainSkip, missingForLive, stateOf } from '../support/live.ts';
import { startLoad, waitForService } from '../support/load.ts';
import { startProcess } from '../support/processes.ts';

/** What test/live/services/serve.py can be. */
const SERVICES = [
  'http.server with threads',
  'a thread pool',
  'a process pool',
  'a lock that all requests take',
  'asyncio',
  'aiohttp',
  'flask',
  'ZeroMQ',
  'gunicorn',
  'gunicorn with threads',
];

const PYTHON = join(ROOT, '.cache/ci/venv/bin/python');
const missing =
  missingForLive('py-spy', 'gdb') ?? (existsSync(PYTHON) ? undefined : 'no .cache/ci/venv, which .ci/run makes');
explainSkip('healthy services under load', missing);

describe.skipIf(missing !== undefined)('a service under load is attached to and runs on', () => {
  test.concurrent.each(SERVICES)('%s', { timeout: 120_000 }, async (kind) => {
    const service = startProcess(PYTHON, [join(ROOT, 'test/live/services/serve.py'), kind]);
    try {
      const port = Number((await service.waitFor(/READY (\d+)/))[1]);
      await waitForService(port);
      const load = startLoad(port);
      await until(() => load.answered() > 20);
      const before = load.answered();
      const { report, code } = await attach(service.pid, '--subprocesses');
      const during = load.answered();
      await until(() => load.answered() > during + 20);
      await load.stop();
      expect(load.lost).toEqual([]);
      expect(during).toBeGreaterThan(before);
      // A healthy process is never called a hang.
      expect(
        { verdict: report.verdict, code },
        `${report.hypotheses[0]?.rule}: ${report.hypotheses[0]?.confidence}`,
      ).not.toEqual({ verdict: 'hang', code: 1 });
      expect(await stateOf(service.pid)).toMatch(/^[SR]$/);
    } finally {
      await service.stop();
    }
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isTrue(); ) {
    if (Date.now() > end) throw new Error('the service answers no more');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
