import { until } from '../support/until.ts';
import type { Cluster } from './cluster.ts';
import { type ApiTask, type DockerEndpoint, isAlive, isRunning, sleepers, startContainer, tasksOf } from './docker.ts';

export interface Convergence {
  /** Milliseconds from the request until all tasks run. */
  readonly all: number;
  /** … until the first one does. */
  readonly first: number;
  /** Milliseconds from the request to remove until no task is alive. */
  readonly removal: number;
}

/** What was done before still costs something a moment later. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

let sequence = 0;

/** It seems to take a fiftieth longer at most, and those who are asked have little to do for it. */
export const measured = { deadlineMs: 180_000, share: 0.02 } as const;

/** Creates a service of `replicas`, waits until all run, checks with the engines, removes it, waits until all are gone. */
export async function converge(
  cluster: Cluster,
  image: string,
  replicas: number,
  overlay: boolean,
): Promise<Convergence> {
  sequence += 1;
  const name = `bench-${process.pid}-${sequence}`;
  const network = overlay
    ? (
        await cluster.docker.call<{ Id: string }>('POST', '/networks/create', {
          Name: `${name}-net`,
          Driver: 'overlay',
          Attachable: true,
        })
      ).Id
    : undefined;
  await settle();
  const started = performance.now();
  const { ID } = await cluster.docker.call<{ ID: string }>(
    'POST',
    '/services/create',
    sleepers(name, image, replicas, network),
  );
  let first = Number.NaN;
  await until(
    `${replicas} tasks of ${name} run`,
    () => tasksOf(cluster.docker, ID),
    (tasks) => {
      const running = tasks.filter(isRunning).length;
      if (running > 0 && Number.isNaN(first)) first = performance.now() - started;
      return running === replicas;
    },
    measured,
  );
  const all = performance.now() - started;
  const counted = await countContainers(cluster, false);
  if (counted !== replicas) throw new Error(`the engines have ${counted} containers, wanted ${replicas}`);
  await settle();
  const removing = performance.now();
  await cluster.docker.call('DELETE', `/services/${ID}`);
  await until(
    `no task of ${name} is alive`,
    () => aliveOf(cluster.docker, ID),
    (alive) => alive === 0,
    measured,
  );
  const removal = performance.now() - removing;
  await until(
    'the engines have no container',
    () => countContainers(cluster, true),
    (left) => left === 0,
    { deadlineMs: 120_000, everyMs: 50 },
  );
  if (network) {
    await until(
      'the network is removed',
      () => cluster.docker.call('DELETE', `/networks/${network}`).then(() => true),
      Boolean,
      { everyMs: 100 },
    );
  }
  return { all, first, removal };
}

const aliveOf = async (docker: DockerEndpoint, service: string): Promise<number> =>
  (await docker.call<readonly ApiTask[]>('GET', '/tasks')).filter((task) => task.ServiceID === service && isAlive(task))
    .length;

async function countContainers(cluster: Cluster, all: boolean): Promise<number> {
  const lists = await Promise.all(
    cluster.engines.map((engine) => engine.call<readonly unknown[]>('GET', `/containers/json${all ? '?all=1' : ''}`)),
  );
  return lists.reduce((sum, list) => sum + list.length, 0);
}

/**
 * The physical limit: the same containers through the engines' own API, `at` of them at once on each engine, on a
 * bridge network of each engine's own in place of an overlay network.
 */
export async function floor(
  cluster: Cluster,
  image: string,
  containers: number,
  at: number,
  network: boolean,
): Promise<Convergence> {
  const name = 'bench-floor';
  const engines = cluster.engines;
  if (network) {
    const body = { Name: name, Driver: 'bridge' };
    await Promise.all(engines.map((engine) => engine.call('POST', '/networks/create', body)));
  }
  const share = engines.map((engine, index) => ({
    engine,
    count: Math.floor(containers / engines.length) + (index < containers % engines.length ? 1 : 0),
    ids: [] as string[],
  }));
  await settle();
  const body = { Image: image, ...(network ? { HostConfig: { NetworkMode: name } } : {}) };
  const started = performance.now();
  let first = Number.NaN;
  await Promise.all(
    share.map(({ engine, count, ids }) =>
      pool(at, count, async () => {
        const id = await startContainer(engine, body);
        if (Number.isNaN(first)) first = performance.now() - started;
        ids.push(id);
      }),
    ),
  );
  const all = performance.now() - started;
  await settle();
  const removing = performance.now();
  const each = (work: (engine: DockerEndpoint, id: string) => Promise<unknown>): Promise<unknown> =>
    Promise.all(
      share.map(({ engine, ids }) =>
        pool(at, ids.length, async (index) => {
          await work(engine, ids[index] ?? '');
        }),
      ),
    );
  // As for a service: until none is alive.
  await each((engine, id) => engine.call('POST', `/containers/${id}/stop`));
  const removal = performance.now() - removing;
  await each((engine, id) => engine.call('DELETE', `/containers/${id}?v=1`));
  if (network) await Promise.all(engines.map((engine) => engine.call('DELETE', `/networks/${name}`)));
  return { all, first, removal };
}

/** Does `count` pieces of work, `at` of them at once. */
async function pool(at: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: at }, async () => {
      for (;;) {
        const mine = next++;
        if (mine >= count) return;
        await work(mine);
      }
    }),
  );
}
