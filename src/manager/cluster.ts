import { clusterSpec } from '../model/cluster.ts';
import type { Cluster, ClusterSpec } from '../model/cluster.ts';
import { TuttiError } from '../model/errors.ts';
import type { NetworkId } from '../model/ids.ts';
import type { Network, NetworkSpec } from '../model/network.ts';
import type { Clock, Randomness } from '../platform/ports.ts';
import type { Store, Transaction } from '../store/store.ts';
import { firstIngress } from './allocator.ts';
import type { Allocator } from './allocator.ts';

/** What a certificate authority brings to a new cluster. */
export type ClusterMaterial = Pick<Cluster, 'caCertificate' | 'caKey' | 'joinTokens'>;

export interface CreateClusterOptions {
  readonly store: Store;
  readonly allocator: Pick<Allocator, 'giveSubnet'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'id'>;
  readonly id: string;
  readonly spec?: ClusterSpec;
  readonly material: ClusterMaterial;
  /** Ports are published in IPv6, too. */
  readonly ipv6?: boolean;
}

/** Networks that are there from the start: the one of published ports, and the engines' own by their usual names. */
const firstNetworks: readonly NetworkSpec[] = [
  { name: firstIngress, driver: 'overlay', ingress: true },
  { name: 'bridge', driver: 'bridge' },
  { name: 'host', driver: 'host' },
  { name: 'none', driver: 'none' },
];

/** The engines' own: nothing else has their drivers. */
export const isPredefined = ({ spec }: Network): boolean => spec.driver !== 'overlay';

/** Makes the cluster's first rows, in one commit. Throws `already-exists` when there is a cluster. */
export const createCluster = async (options: CreateClusterOptions): Promise<Cluster> => {
  const { store, clock, random, id, material } = options;
  const clusterWide = options.spec ?? clusterSpec.parse({});
  const { value } = await store.update((transaction) => {
    const [present] = transaction.list('cluster');
    if (present !== undefined) throw new TuttiError('already-exists', `there is a cluster already: ${present.id}`);
    const now = clock.now();
    const cluster: Cluster = { id, version: 0, createdAt: now, updatedAt: now, spec: clusterWide, ...material };
    transaction.create('cluster', cluster);
    for (const network of firstNetworks) {
      const spec = network.ingress === true && options.ipv6 === true ? { ...network, ipv6: true } : network;
      createNetwork(transaction, spec, { ...options, now, id: random.id() });
    }
    return cluster;
  });
  return store.view.get('cluster', id) ?? value;
};

interface NewNetwork {
  readonly allocator: Pick<Allocator, 'giveSubnet'>;
  readonly now: number;
  readonly id: string;
}

/** Adds a network with its subnet. Throws `resource-exhausted` or `invalid-argument` when there is no subnet for it. */
export const createNetwork = (
  transaction: Transaction,
  spec: NetworkSpec,
  { allocator, now, id }: NewNetwork,
): void => {
  const row: Network = { id: id as NetworkId, version: 0, createdAt: now, updatedAt: now, spec };
  if (spec.driver !== 'overlay') {
    transaction.create('network', row);
    return;
  }
  const allocation = allocator.giveSubnet(transaction, spec);
  if (allocation.kind === 'refused') {
    const asked = [...(spec.ipam?.configs ?? []), ...(spec.ipam?.ipv6Configs ?? [])];
    const code = asked.length > 0 ? 'invalid-argument' : 'resource-exhausted';
    throw new TuttiError(code, `network ${spec.name}: ${allocation.reason}`);
  }
  transaction.create('network', { ...row, ...allocation.value });
};
