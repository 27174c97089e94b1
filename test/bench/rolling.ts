import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { serviceOf } from '../support/traffic/server.ts';
import { rollingUpdate, virtualAddress } from '../support/traffic/update.ts';
import { until } from '../support/until.ts';
import type { Bench, Tell } from './bench.ts';

const run = promisify(execFile);
const replicas = 10;
const service = 'bench-rolling';
const asker = 'bench-asker';
const port = 18_090;

const names = {
  virtual: 'the virtual address',
  published: 'a published port',
  door: 'the front door',
} as const;
type Way = keyof typeof names;

/** By which a service is asked while it is updated. */
export const rollingWays = Object.keys(names) as readonly Way[];
export const isRollingWay = (word: string): word is Way => Object.hasOwn(names, word);

/** An update of ten replicas, two at a time, while clients keep asking: each failed request counts. */
export async function rolling(
  { tutti, image, ways }: Pick<Bench, 'tutti' | 'image' | 'ways'>,
  tell: Tell,
): Promise<void> {
  const by =
    (endpoint: string) =>
    async (...args: readonly string[]): Promise<string> =>
      (await run('docker', ['--host', endpoint, ...args], { timeout: 120_000 })).stdout;
  const docker = by(tutti.endpoint);
  const [one, two] = tutti.nodes;
  if (one === undefined || two === undefined) throw new Error('two nodes are needed');
  await using stack = new AsyncDisposableStack();
  await docker('network', 'create', '--driver', 'overlay', '--attachable', service);
  stack.defer(async () => void (await docker('network', 'rm', service)));
  const where = ['--network', service, '--publish', `${port}:80`, '--replicas', String(replicas)];
  // Any host and any path: port 80 of every node. Without `retry`: nothing may need it.
  where.push('--label', 'tutti.route.port=80');
  const policy = ['--update-parallelism', '2', '--update-monitor', '0s'];
  await docker(...serviceOf({ image, answer: 'first' }, '--name', service, ...where, ...policy));
  stack.defer(async () => void (await docker('service', 'rm', service)));
  await docker('run', '-d', '--name', asker, '--network', service, '-e', `constraint:node==${one.name}`, image);
  stack.defer(async () => void (await docker('rm', '-f', asker)));
  await until(
    'all replicas',
    async () => await docker('service', 'ls', '--filter', `name=${service}`, '--format', '{{.Replicas}}'),
    (text) => text.startsWith(`${replicas}/`),
    { deadlineMs: 180_000 },
  );
  const pid = (await by(one.engine)('inspect', '--format', '{{.State.Pid}}', asker)).trim();
  const host = await virtualAddress(docker, service, service);
  const clients = {
    virtual: { from: ['nsenter', '-t', pid, '-n'], host, port: 80 },
    published: { from: [], host: two.address, port },
    door: { from: [], host: two.address, port: 80 },
  };
  for (const order of ['stop-first', 'start-first'] as const) {
    for (const way of ways) {
      const name = names[way];
      const answer = `${order} ${name}`.replaceAll(' ', '-');
      const options = { docker, service, answer, order, rate: 500, clients: { [name]: clients[way] } };
      const outcome = (await rollingUpdate(options))[name];
      if (outcome === undefined) throw new Error(`nothing of ${name}`);
      const failed = Object.entries(outcome.failures).map(([why, count]) => `${count} ${why}`);
      tell({
        name: `rolling update of ${replicas}, ${order}, 500 requests/s by ${name}: failed`,
        value: Object.values(outcome.failures).reduce((sum, count) => sum + count, 0),
        unit: 'requests',
        limit: { kind: 'at most', value: 0 },
        detail: `(of ${outcome.count}; slowest ${outcome.slowestMs} ms${failed.length > 0 ? `; ${failed.join(', ')}` : ''})`,
      });
    }
  }
}
