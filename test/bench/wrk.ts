import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';
import { benchDirectory } from './directory.ts';

const run = promisify(execFile);

/** What goes before a command line so that it runs in some network: `nsenter …`; nothing for this machine's own. */
export type Place = readonly string[];

const config = `
global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout connect 1s
  timeout server 1s
frontend web
  bind :80
  http-request return status 200 content-type text/plain string hello
`;

/** HAProxy that answers every request with a word, on port 80 of the place: the fastest server that is there. */
export async function served(place: Place): Promise<AsyncDisposable> {
  const file = join(await benchDirectory(), 'haproxy.cfg');
  await writeFile(file, config);
  const [command, ...args] = [...place, 'haproxy', '-db', '-f', file] as const;
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const [asker, ...ask] = [...place, 'curl', '-sf', 'http://127.0.0.1/'];
  await until(
    'the server to answer',
    async () => await run(asker, ask).catch(() => undefined),
    (answer) => answer?.stdout === 'hello',
    { everyMs: 50 },
  );
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

export interface Load {
  readonly host: string;
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  /** False: a connection for each request. */
  readonly kept: boolean;
}

/** Requests per second that wrk gets answered, as fast as its connections allow. @throws where any fails. */
export async function requestRate(place: Place, { host, port, seconds, connections, kept }: Load): Promise<number> {
  const how = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, ...(kept ? [] : ['-H', 'Connection: close'])];
  const [command, ...args] = [...place, 'wrk', ...how, `http://${host}:${port}/`];
  const { stdout } = await run(command, args, { timeout: 60_000 });
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0) || /Non-2xx|timeout [1-9]|connect [1-9]/.test(stdout)) throw new Error(`wrk: ${stdout}`);
  return rate;
}
