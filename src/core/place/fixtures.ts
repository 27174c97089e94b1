import type { NodeId } from '../../model/ids.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import { expressionsOf } from './hints.ts';
import type { PlaceContainer, PlaceImage, PlaceNode, PlaceOptions, PlaceRequest } from './model.ts';

/** Nodes and requests for tests: everything that a test does not care about has a plain value. */
export interface PlaceWish {
  /** Version of the engine's API. */
  readonly api?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly engineLabels?: Readonly<Record<string, string>>;
  readonly state?: NodeStatus['state'];
  readonly availability?: Node['spec']['availability'];
  readonly containers?: readonly PlaceContainer[];
  readonly images?: readonly PlaceImage[];
  readonly ports?: readonly string[];
  readonly cpus?: number;
  readonly memory?: number;
  readonly usedCpus?: number;
  readonly usedMemory?: number;
}

/** A node with 4 processors and 1,000 bytes of memory, ready, unless the wish says otherwise. */
export const aPlaceNode = (id: string, wish: PlaceWish = {}): PlaceNode => ({
  node: {
    id: id as NodeId,
    version: 1,
    createdAt: 1,
    updatedAt: 1,
    spec: { role: 'worker', availability: wish.availability ?? 'active', labels: wish.labels ?? {} },
    description: {
      hostname: `host-${id}`,
      platform: { os: 'linux', architecture: 'x86_64' },
      resources: { nanoCpus: (wish.cpus ?? 4) * 1e9, memoryBytes: wish.memory ?? 1_000 },
      engine: {
        version: '28.2.2',
        ...(wish.api !== undefined && { apiVersion: wish.api }),
        labels: wish.engineLabels ?? {},
        storageDriver: 'overlay2',
        kernelVersion: '6.1.0',
        operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      },
      address: '10.0.0.1',
      agentVersion: '0.1.0',
    },
  },
  status: { nodeId: id as NodeId, state: wish.state ?? 'ready', message: '', since: 1 },
  used: { nanoCpus: (wish.usedCpus ?? 0) * 1e9, memoryBytes: wish.usedMemory ?? 0 },
  hasPort: (port) => wish.ports?.includes(port) === true,
  count: wish.containers?.length ?? 0,
  containers: wish.containers ?? [],
  images: wish.images ?? [],
});

export const aContainer = (name: string, labels: Readonly<Record<string, string>> = {}): PlaceContainer => ({
  id: `id-of-${name}`,
  names: [name],
  labels,
});

export interface RequestWish extends Partial<Omit<PlaceRequest, 'constraints' | 'affinities'>> {
  readonly constraints?: readonly string[];
  readonly affinities?: readonly string[];
}

export const aRequest = ({ constraints = [], affinities = [], ...over }: RequestWish = {}): PlaceRequest => ({
  image: 'web',
  reservation: { nanoCpus: 0, memoryBytes: 0 },
  hostPorts: [],
  near: [],
  needs: [],
  ...over,
  constraints: expressionsOf(constraints),
  affinities: expressionsOf(affinities),
});

export const spread: PlaceOptions = { strategy: 'spread', overcommit: 0.05, chance: 0 };
