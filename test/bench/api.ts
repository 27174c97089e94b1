import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { DockerEndpoint } from './docker.ts';
import { dockerAt, startContainer } from './docker.ts';
import type { BenchResult } from './result.ts';
import { median } from './result.ts';

/** What the figures of the API are made from. */
export interface ApiBench {
  readonly tutti: Cluster;
  readonly swarm: Cluster;
  readonly image: string;
  /** Containers over all nodes for lists. */
  readonly containers: number;
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** How long each of `count` calls takes, one after the other, after some that do not count. */
const times = async (count: number, call: () => Promise<unknown>): Promise<readonly number[]> => {
  for (let warm = 0; warm < 20; warm++) await call();
  const values: number[] = [];
  for (let each = 0; each < count; each++) values.push(await timed(call));
  return values;
};

/** Alternates between the two, so that what the machine does meanwhile hits both. */
const timesOfBoth = async (
  count: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<readonly [readonly number[], readonly number[]]> => {
  const [ones, others]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round++) {
    ones.push(...(await times(count / 5, one)));
    others.push(...(await times(count / 5, other)));
  }
  return [ones, others];
};

const ms = (value: number): string => `${value.toFixed(1)} ms`;

async function inspectLatency({ tutti, image }: ApiBench): Promise<readonly BenchResult[]> {
  // Not on the manager's own node: the way there counts.
  const engine = tutti.engines.at(-1) as DockerEndpoint;
  const id = await startContainer(engine, { Image: image });
  try {
    const call = (docker: DockerEndpoint) => () => docker.call('GET', `/containers/${id}/json`);
    await until('the container is known', call(tutti.docker), () => true);
    const [through, direct] = await timesOfBoth(500, call(tutti.docker), call(engine));
    const added = (share: number): number => percentile(through, share) - percentile(direct, share);
    const detail = (share: number): string =>
      `(Tutti ${ms(percentile(through, share))}, engine ${ms(percentile(direct, share))})`;
    return [
      {
        name: 'container inspect: added by going to another node, median',
        value: added(0.5),
        unit: 'ms',
        limit: { kind: 'at most', value: 2 },
        detail: detail(0.5),
      },
      {
        name: 'container inspect: added by going to another node, p99',
        value: added(0.99),
        unit: 'ms',
        limit: { kind: 'at most', value: 10 },
        detail: detail(0.99),
      },
    ];
  } finally {
    await engine.call('DELETE', `/containers/${id}?force=1`);
  }
}

const imageName = 'bench-listed';

/** What the lists take, in milliseconds at the median, of containers that were made of this image. */
async function listTimes({ tutti, containers }: ApiBench, image: string): Promise<ListTimes> {
  const perNode = Math.ceil(containers / tutti.engines.length);
  const label = { 'bench.api': '1' };
  await Promise.all(
    tutti.engines.map(async (engine) => {
      for (let made = 0; made < perNode; made++) {
        await engine.call('POST', '/containers/create', { Image: image, Labels: label });
      }
    }),
  );
  try {
    const path = '/containers/json?all=1';
    const count = perNode * tutti.engines.length;
    await until(
      'all are listed',
      () => tutti.docker.call<readonly unknown[]>('GET', path),
      (list) => list.length >= count,
      { deadlineMs: 120_000 },
    );
    const call = (docker: DockerEndpoint) => () => docker.drain(path);
    const engines: number[] = [];
    for (const engine of tutti.engines) engines.push(median(await times(10, call(engine))));
    const own = median(await times(10, call(tutti.docker)));
    // On one machine the engines share its processors: no answer of them all can come sooner than this.
    const together = median(await times(10, () => Promise.all(tutti.engines.map((engine) => call(engine)()))));
    return { count, own, engines, together };
  } finally {
    const filter = `filters=${encodeURIComponent(JSON.stringify({ label: ['bench.api'] }))}`;
    for (const engine of tutti.engines) await engine.call('POST', `/containers/prune?${filter}`);
  }
}

interface ListTimes {
  readonly count: number;
  readonly own: number;
  readonly engines: readonly number[];
  readonly together: number;
}

/** An engine takes longer where containers were made of a name, as users make them: it looks up which image has it now. */
async function listOfMany(bench: ApiBench): Promise<readonly BenchResult[]> {
  const { tutti, image } = bench;
  await Promise.all(
    tutti.engines.map(async (engine) => {
      await engine.call('POST', `/images/${image}/tag?repo=${imageName}`);
    }),
  );
  const result = (name: string, { own, engines, together }: ListTimes): BenchResult => ({
    name,
    value: own / Math.max(...engines),
    unit: '×',
    detail: `(Tutti ${ms(own)}, engines alone ${engines.map(ms).join(' ')}, all at once ${ms(together)})`,
  });
  try {
    const named = await listTimes(bench, imageName);
    const byId = await listTimes(bench, image);
    return [
      {
        ...result(`list of ${named.count} containers, ratio to the slowest engine's own`, named),
        limit: { kind: 'at most', value: 1.5 },
      },
      result("the same of containers that were made of an image's id", byId),
    ];
  } finally {
    for (const engine of tutti.engines) await engine.call('DELETE', `/images/${imageName}`);
  }
}

/** Answers a second to some clients that each ask again when they have their answer, and the 99th percentile of it. */
const rate = async (docker: DockerEndpoint, path: string, clients: number, seconds: number) => {
  const values: number[] = [];
  const end = performance.now() + seconds * 1000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) values.push(await timed(() => docker.drain(path)));
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { perSecond: values.length / seconds, p99: percentile(values, 0.99) };
};

const listed = { services: 100, tasksOfEach: 10 } as const;

/** Services whose tasks wait for a node that nobody has: lists are as long with them, and no container is needed. */
const waiting = (name: string, image: string): unknown => ({
  Name: name,
  TaskTemplate: {
    ContainerSpec: { Image: image },
    Placement: { Constraints: ['node.labels.bench==nowhere'] },
  },
  Mode: { Replicated: { Replicas: listed.tasksOfEach } },
  EndpointSpec: { Mode: 'dnsrr' },
});

const rounds = 3;
const secondsEach = 3;

async function swarmLists({ tutti, swarm, image }: ApiBench): Promise<readonly BenchResult[]> {
  const names = Array.from({ length: listed.services }, (_, index) => `bench-api-${index}`);
  const wanted = listed.services * listed.tasksOfEach;
  const made = async ({ docker }: Cluster): Promise<void> => {
    for (const name of names) await docker.call('POST', '/services/create', waiting(name, image));
    await until(
      `${wanted} tasks are listed`,
      () => docker.call<readonly unknown[]>('GET', '/tasks'),
      (tasks) => tasks.length >= wanted,
      { deadlineMs: 120_000 },
    );
  };
  for (const cluster of [tutti, swarm]) await made(cluster);
  try {
    const results: BenchResult[] = [];
    for (const path of ['/services', '/tasks']) {
      for (const clients of [1, 16]) results.push(...(await listFigures({ tutti, swarm }, path, clients)));
    }
    return results;
  } finally {
    for (const { docker } of [tutti, swarm]) {
      for (const name of names) await docker.call('DELETE', `/services/${name}`).catch(() => undefined);
    }
  }
}

/** What node:http itself answers a second, with as many bytes and no work: no server on it is faster. */
const bareRate = async (bytes: number, clients: number): Promise<number> => {
  const socketPath = join(tmpdir(), `tutti-bench-${process.pid}.sock`);
  const server = fork(new URL('http.ts', import.meta.url), [socketPath, String(bytes)]);
  try {
    await once(server, 'message');
    const bare = dockerAt(`unix://${socketPath}`);
    await rate(bare, '/', clients, 1);
    const { perSecond } = await rate(bare, '/', clients, secondsEach);
    bare.close();
    return perSecond;
  } finally {
    const gone = once(server, 'exit');
    server.kill();
    await gone;
  }
};

const listFigures = async (
  { tutti, swarm }: Pick<ApiBench, 'tutti' | 'swarm'>,
  path: string,
  clients: number,
): Promise<readonly BenchResult[]> => {
  const [own, peer]: [Awaited<ReturnType<typeof rate>>[], Awaited<ReturnType<typeof rate>>[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(await rate(tutti.docker, path, clients, secondsEach));
    peer.push(await rate(swarm.docker, path, clients, secondsEach));
  }
  const perSecond = (rates: typeof own): number => median(rates.map((each) => each.perSecond));
  const p99 = median(own.map((each) => each.p99));
  const what = `GET ${path} with ${listed.services} services and ${listed.services * listed.tasksOfEach} tasks, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
  const bare = await bareRate(await tutti.docker.drain(path), clients);
  const detail = `(Tutti ${perSecond(own).toFixed(0)}/s, Swarm ${perSecond(peer).toFixed(0)}/s, a bare node:http server ${bare.toFixed(0)}/s)`;
  const ratio: BenchResult = {
    name: `${what}: requests a second, ratio to Swarm`,
    value: perSecond(own) / perSecond(peer),
    unit: '×',
    limit: { kind: 'at least', value: 5 },
    detail,
  };
  const latency: BenchResult = { name: `${what}: p99`, value: p99, unit: 'ms', limit: { kind: 'at most', value: 20 } };
  // Of many clients at once each waits for the others: the bound is one answer's.
  return clients === 1 ? [ratio, latency] : [ratio];
};

/** The figures of Docker's API over the cluster, beside the engines' own and Swarm's. */
export const apiFigures = async (
  bench: ApiBench,
  onResult: (result: BenchResult) => void,
): Promise<readonly BenchResult[]> => {
  const results: BenchResult[] = [];
  const parts = [inspectLatency, swarmLists, listOfMany];
  for (const part of parts) {
    const some = await part(bench);
    for (const result of some) onResult(result);
    results.push(...some);
  }
  return results;
};
