import { setImmediate } from 'node:timers/promises';
import { clusterSpec } from '../../../model/cluster.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { NodeId } from '../../../model/ids.ts';
import type { Node, NodeState } from '../../../model/node.ts';
import { plainContainerSpec } from '../../../model/single-container.ts';
import type { SingleContainerSpec } from '../../../model/single-container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Log } from '../../../platform/ports.ts';
import { notConnected } from '../../../rpc/not-connected.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import { createStore } from '../../../store/create.ts';
import { memoryDriver } from '../../../store/drivers/memory.ts';
import type { Store } from '../../../store/store.ts';
import { emptyInventory } from '../../engines/empty.ts';
import type { EngineEvent, EngineRequest, Engines, Inventory, KnownContainer } from '../../manager.ts';
import { manualClock } from '../../testing/clock.ts';
import { countingRandomness } from '../../testing/cluster.ts';
import { createContainers } from '../containers.ts';
import type { ContainerPorts, NetworkPreparation } from '../ports.ts';

interface FakeContainer {
  readonly id: string;
  name: string;
  running: boolean;
  /** It was started, now or before. Absent: as `running`. */
  ran?: boolean;
  /** What it was connected to after it was made. */
  networks?: string[];
}

const silence: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silence };

/** What an engine does with a request before it answers: throw to lose the answer. */
type Hook = (nodeId: string, method: string, path: string) => void | Promise<void>;

/** Nodes whose engines know what making and moving containers asks of them, over a store in memory. */
export class ContainerCluster implements AsyncDisposable {
  readonly clock = manualClock();
  readonly store: Store;
  readonly engines = new Map<string, FakeContainer[]>();
  /** What was asked to be made, in order. */
  readonly asked: unknown[] = [];
  readonly #down = new Set<string>();
  readonly #random = countingRandomness();
  /** Before a request is done. */
  before: Hook = () => undefined;
  /** Between its being done and its answer. */
  after: Hook = () => undefined;
  #ids = 0;

  private constructor(store: Store) {
    this.store = store;
  }

  static async start(nodes: number): Promise<ContainerCluster> {
    const clock = manualClock();
    const store = await createStore({ driver: memoryDriver(), clock });
    const cluster = new ContainerCluster(store);
    const stored = { version: 0, createdAt: 0, updatedAt: 0 };
    await store.update((transaction) => {
      transaction.create('cluster', {
        ...stored,
        id: 'cluster',
        spec: clusterSpec.parse({}),
        caCertificate: '',
        caKey: '',
        joinTokens: { manager: '', worker: '' },
      });
      for (let at = 1; at <= nodes; at += 1) transaction.create('node', aNode(`n${at}`));
    });
    for (let at = 1; at <= nodes; at += 1) {
      cluster.engines.set(`n${at}`, []);
      cluster.setNode(`n${at}`, 'ready');
    }
    return cluster;
  }

  setNode(nodeId: string, state: NodeState): void {
    if (state === 'ready') this.#down.delete(nodeId);
    else this.#down.add(nodeId);
    const status = { nodeId: nodeId as NodeId, state, message: '', since: 0 };
    this.store.observe((soft) => soft.put('nodeStatus', nodeId, status));
  }

  /** A manager's part, as after its start. */
  containers(more: Partial<ContainerPorts> = {}): ReturnType<typeof createContainers> {
    return createContainers({
      store: this.store,
      clock: this.clock,
      random: this.#random,
      log: silence,
      engines: this.#engines,
      inventory: this.inventory,
      ...more,
    });
  }

  /** Containers of all engines, `node name`, sorted; those that run with a `*`. */
  everywhere(): readonly string[] {
    return [...this.engines]
      .flatMap(([node, all]) => all.map(({ name, running }) => `${node} ${name}${running ? '*' : ''}`))
      .toSorted();
  }

  /** Lets everything happen that can. */
  async settle(ms = 0): Promise<void> {
    for (let round = 0; round < 60; round += 1) {
      this.clock.advance(round === 0 ? ms : 0);
      await setImmediate();
    }
  }

  /** Every container is to be on a second network, which its engine is told when it has made it. */
  readonly networks: NetworkPreparation = {
    prepare: (container) => Promise.resolve(container.spec.request),
    near: () => Promise.resolve([]),
    finish: async ({ nodeId }, engineId, signal) => {
      if (
        this.engines
          .get(nodeId)
          ?.find(({ id }) => id === engineId)
          ?.networks?.includes('second') === true
      )
        return;
      const path = `/containers/${engineId}/connect?network=second`;
      await this.#engines.request(nodeId, { method: 'POST', path }, signal);
    },
  };

  readonly inventory: Inventory = {
    ...emptyInventory,
    find: (reference) => {
      const found = this.#theirs().find(({ id, name }) => id === reference || name === reference);
      return found === undefined
        ? Promise.reject(new TuttiError('not-found', `No such container: ${reference}`))
        : Promise.resolve(found);
    },
    peek: (reference) => this.#theirs().find(({ id, name }) => id === reference || name === reference),
    named: (name) => this.#theirs().filter((known) => known.name === name),
    of: (nodeId) => this.#known().filter((known) => known.nodeId === nodeId),
    count: (nodeId) => this.#known().filter((known) => known.nodeId === nodeId).length,
    on: (nodeId, id) => this.#known().find((known) => known.nodeId === nodeId && known.id === id),
    listed: (nodeId) => !this.#down.has(nodeId),
    async *events(signal: AbortSignal): AsyncGenerator<EngineEvent> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      yield* [];
    },
  };

  readonly #engines: Engines = {
    request: async (nodeId, request) => {
      if (this.#down.has(nodeId)) throw notConnected(nodeId);
      const { method = 'GET', path } = request;
      await this.before(nodeId, method, path);
      const answer = await this.#answer(nodeId, method, path, request);
      await this.after(nodeId, method, path);
      return answer;
    },
  };

  async #answer(nodeId: string, method: string, path: string, request: EngineRequest): Promise<NodeResponse> {
    const url = new URL(path, 'http://engine');
    const all = this.engines.get(nodeId) ?? [];
    if (url.pathname === '/containers/create') {
      const name = url.searchParams.get('name') ?? '';
      const body = JSON.parse(await textOf(request.body)) as {
        readonly Image?: string;
        readonly HostConfig?: { readonly Mounts?: readonly { readonly Source?: string }[] };
      };
      const images = [body.Image, ...(body.HostConfig?.Mounts ?? []).map(({ Source }) => Source)];
      if (images.includes('nowhere')) return reply(404, { message: 'No such image: nowhere:latest' });
      if (all.some((one) => one.name === name)) return reply(409, { message: 'Conflict.' });
      this.asked.push(body);
      const id = String((this.#ids += 1)).padStart(64, '0');
      all.push({ id, name, running: false });
      return reply(201, { Id: id, Warnings: ['careful'] });
    }
    if (url.pathname === '/containers/json') {
      const { name = [] } = JSON.parse(url.searchParams.get('filters') ?? '{}') as {
        readonly name?: readonly string[];
      };
      const named = all.filter((one) => name.some((pattern) => new RegExp(pattern).test(`/${one.name}`)));
      return reply(200, named.map(listed));
    }
    const [, , reference = '', what] = url.pathname.split('/');
    const found = lookUp(all, reference);
    if (found === 'several') return reply(400, { message: `multiple IDs found with provided prefix: ${reference}` });
    if (found === undefined) return reply(404, { message: `No such container: ${reference}` });
    if (method === 'DELETE') {
      const isForced = url.searchParams.get('force') === '1';
      if (found.running && !isForced) return reply(409, { message: 'You cannot remove a running container' });
      all.splice(all.indexOf(found), 1);
      return reply(204, undefined);
    }
    if (what === 'start') Object.assign(found, { running: true, ran: true });
    if (what === 'connect') found.networks = [...(found.networks ?? []), url.searchParams.get('network') ?? ''];
    if (what === 'rename') {
      const name = url.searchParams.get('name') ?? '';
      if (name === 'refused') return reply(409, { message: 'refused by the engine' });
      found.name = name;
    }
    return what === 'json' ? reply(200, { Id: found.id, Name: `/${found.name}` }) : reply(204, undefined);
  }

  /** Without what is to be removed on nodes that were lost. */
  #theirs(): readonly KnownContainer[] {
    const left = new Set(
      [...this.store.view.list('container')].flatMap(({ superseded = [] }) =>
        superseded.map(({ engineId }) => engineId),
      ),
    );
    return this.#known().filter(({ id }) => !left.has(id));
  }

  #known(): readonly KnownContainer[] {
    return [...this.engines].flatMap(([nodeId, all]) =>
      all.map(({ id, name, running }) => ({
        id,
        name,
        nodeId,
        nodeName: nodeId,
        reachable: !this.#down.has(nodeId),
        summary: { Id: id, State: running ? 'running' : 'exited' } as Definitions['ContainerSummary'],
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }
}

/** As an engine: the whole id, then the name, then an id's beginning. */
const lookUp = (all: readonly FakeContainer[], reference: string): FakeContainer | 'several' | undefined => {
  const exact = all.find(({ id }) => id === reference) ?? all.find(({ name }) => name === reference);
  if (exact !== undefined) return exact;
  const [first, ...others] = all.filter(({ id }) => id.startsWith(reference));
  return others.length > 0 ? 'several' : first;
};

const listed = ({ id, name, running, ran = running }: FakeContainer) => ({
  Id: id,
  Names: [`/${name}`],
  State: running ? 'running' : ran ? 'exited' : 'created',
});

const reply = (status: number, body: unknown): NodeResponse => ({
  status,
  body: (async function* () {
    if (body !== undefined) yield await Promise.resolve(Buffer.from(JSON.stringify(body)));
  })(),
});

const textOf = async (body: AsyncIterable<Uint8Array> | undefined): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const aNode = (name: string): Node => ({
  id: name as NodeId,
  version: 0,
  createdAt: 0,
  updatedAt: 0,
  spec: { name, role: 'worker', availability: 'active' },
  description: {
    hostname: name,
    platform: { os: 'linux', architecture: 'x86_64' },
    resources: { nanoCpus: 4e9, memoryBytes: 1000 },
    engine: { version: '28' },
    address: '10.0.0.1',
    agentVersion: '0',
  },
});

export const aContainerSpec = (name: string, over: Partial<SingleContainerSpec> = {}): SingleContainerSpec => ({
  ...plainContainerSpec(name, 'web'),
  request: { Image: over.image ?? 'web' },
  ...over,
});
