import { assignmentsFor, startTask, tellAll } from '../system/network/cluster.ts';
import type { LabNetwork, LabState, LabTask, LabVip } from '../system/network/cluster.ts';
import { startLab } from '../system/network/lab.ts';
import { endedWithRun } from './cluster.ts';
import type { Lab, LabNode } from '../system/network/lab.ts';
import { median } from './result.ts';
import type { BenchResult } from './result.ts';
import { requestRate, served } from './wrk.ts';
import type { Place } from './wrk.ts';

const seconds = 2;
const connections = 16;
/** Short rounds by turns, so many for each of `--runs`: what else the machine does hits both alike. */
const roundsOfRun = 3;

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 0, ingress: true };
const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 64, prefix: 18 };
const vip = '10.128.127.1';

const here: Place = [];
const within = async ({ id, node }: LabTask): Promise<Place> => [
  'nsenter',
  '-t',
  await node.docker('inspect', '-f', '{{.State.Pid}}', id),
  '-n',
];

/** Requests per second one way and the other, in turns, as a ratio. */
const compared = async (
  name: string,
  atLeast: number,
  runs: number,
  [one, other]: readonly [() => Promise<number>, () => Promise<number>],
): Promise<BenchResult> => {
  const ones: number[] = [];
  const others: number[] = [];
  for (let round = 0; round < runs * roundsOfRun; round += 1) {
    // Who comes second has the warmer caches.
    if (round % 2 === 0) ones.push(await one());
    others.push(await other());
    if (round % 2 === 1) ones.push(await one());
  }
  const value = median(ones.map((each, round) => each / (others[round] ?? Number.NaN)));
  const detail = `(${Math.round(median(ones))}/s, ${Math.round(median(others))}/s)`;
  return { name, value, unit: '×', limit: { kind: 'at least', value: atLeast }, detail };
};

const rates = async (lab: Lab, runs: number): Promise<readonly BenchResult[]> => {
  const [one, two, three] = lab.nodes as unknown as readonly [LabNode, LabNode, LabNode];
  const client: LabTask = { id: 'client', service: 'client', node: one, addresses: { [front.id]: '10.128.64.10' } };
  const web: LabTask = {
    id: 'web',
    service: 'web',
    node: two,
    addresses: { [front.id]: '10.128.64.20', [ingress.id]: '10.128.0.20' },
  };
  const state: LabState = {
    networks: [ingress, front],
    tasks: [client, web],
    vips: [{ service: 'web', network: front.id, address: vip }],
    publishes: [{ protocol: 'tcp', published: 8080, target: 80, service: 'web', network: ingress.id }],
  };
  await tellAll(lab.nodes, state);
  await startTask(web);
  await startTask(client);
  const asker = await within(client);
  await using _ = await served(await within(web));
  const by = (place: Place, kept: boolean, host: string, port: number) => async () =>
    await requestRate(place, { host, port, seconds, connections, kept });
  const task = '10.128.64.20';
  return [
    await compared('requests through a virtual address, ratio to the task itself, connections kept', 0.95, runs, [
      by(asker, true, vip, 80),
      by(asker, true, task, 80),
    ]),
    await compared('the same with a connection for each request', 0.95, runs, [
      by(asker, false, vip, 80),
      by(asker, false, task, 80),
    ]),
    await compared("requests through a published port of a node without a task, ratio to the task's node", 0.85, runs, [
      by(here, true, three.address, 8080),
      by(here, true, two.address, 8080),
    ]),
  ];
};

const services = 1_000;
const tasksOfEach = 10;
/** Long enough for every agent to compare with the kernel once meanwhile. */
const changes = 100;

/** A thousand services with ten tasks each on one network that all nodes have: one task after another comes and goes. */
const changeTimes = async (lab: Lab): Promise<BenchResult> => {
  const addressOf = (index: number): string => `10.128.${70 + (index >> 8)}.${index & 255}`;
  const tasks = Array.from({ length: services * tasksOfEach }, (_, index): LabTask => {
    const node = lab.nodes[index % lab.nodes.length] as LabNode;
    const service = `many${Math.floor(index / tasksOfEach)}`;
    return { id: `task${index}`, service, node, addresses: { [front.id]: addressOf(index) } };
  });
  const vips = Array.from(
    { length: services },
    (_, index): LabVip => ({
      service: `many${index}`,
      network: front.id,
      address: `10.128.${112 + (index >> 8)}.${index & 255}`,
    }),
  );
  const state: LabState = { networks: [ingress, front], tasks, vips };
  const endpoints = new Map(
    assignmentsFor(lab.nodes[0] as LabNode, lab.nodes, state).flatMap((item) =>
      item.kind === 'endpoint' ? [[item.id, item] as const] : [],
    ),
  );
  // A resolver that is busy for long is told anew what an agent knows, but only by one that says that it knows enough.
  await Promise.all(lab.nodes.map(async (node) => await node.tell({ do: 'known' })));
  await tellAll(lab.nodes, state);
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const id = `${front.id}/task${change * 101}`;
    const changed = endpoints.get(id);
    if (changed === undefined) throw new Error(`there is no endpoint ${id}`);
    const put = [{ ...changed, ready: false }];
    const begin = performance.now();
    await Promise.all(
      lab.nodes.map(async (node) => {
        await node.tell({ do: 'change', put });
        await node.tell({ do: 'settled' });
      }),
    );
    times.push(performance.now() - begin);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
  return {
    name: 'a change of endpoints in force on 3 nodes, 1,000 services with 10,000 tasks, p99',
    value: p99,
    unit: 'ms',
    limit: { kind: 'at most', value: 1_000 },
    detail: `(median ${Math.round(median(times))} ms; from the agents hearing of it, names included)`,
  };
};

/** Figures of the network part of agents alone, on three machines with engines. */
export const networkFigures = async (
  runs: number,
  report: (result: BenchResult) => void,
): Promise<readonly BenchResult[]> => {
  process.env.TUTTI_LAB_CHECK_MS = '30000';
  await using lab = await startLab('bench-network', 3);
  using _ = endedWithRun(async () => await lab[Symbol.asyncDispose]());
  const results = [...(await rates(lab, runs))];
  for (const result of results) report(result);
  const last = await changeTimes(lab);
  report(last);
  return [...results, last];
};
