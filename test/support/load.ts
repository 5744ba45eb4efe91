import { get } from 'node:http';

/** Requests that go on until they are told to stop, each of which must be answered. */
export interface Load {
  readonly answered: () => number;
  /** Requests without the right answer, with the reason. */
  readonly lost: readonly string[];
  stop(): Promise<void>;
}

const CLIENTS = 3;
const BETWEEN_MILLISECONDS = 10;
const PATIENCE_MILLISECONDS = 60_000;

export function startLoad(port: number): Load {
  let answered = 0;
  let next = 0;
  let stopped = false;
  const lost: string[] = [];
  const client = async (): Promise<void> => {
    while (!stopped) {
      const number = next++;
      try {
        const body = await ask(port, `/ping/${number}`);
        if (body === `pong ${number}`) answered += 1;
        else lost.push(`${number}: ${body.slice(0, 100)}`);
      } catch (error) {
        lost.push(`${number}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MILLISECONDS));
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    answered: () => answered,
    lost,
    async stop() {
      stopped = true;
      await Promise.all(clients);
    },
  };
}

/** Waits until a service answers. */
export async function waitForService(port: number): Promise<void> {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      await ask(port, '/ping/0');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: PATIENCE_MILLISECONDS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('no answer')));
  });
}
