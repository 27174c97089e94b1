import { overlaps, parseNetwork } from '../../model/ipv4.ts';
import type { Cluster, ClusterSpec } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Node, NodeRole } from '../../model/node.ts';
import { createUnlockKey } from '../../rpc/certificates/token.ts';
import type { View } from '../../store/store.ts';
import { nodeName } from '../../model/node.ts';
import { createAuthority } from '../ca/authority.ts';
import { tlsNow } from '../ca/trust.ts';
import type { Commands } from '../manager.ts';
import { resolve } from '../references.ts';
import type { CommandContext } from './context.ts';

type ClusterCommands = Pick<
  Commands,
  'updateNode' | 'removeNode' | 'updateCluster' | 'rotateJoinToken' | 'rotateUnlockKey' | 'rotateAuthority'
>;

export const clusterCommands = ({ store, joinToken, clock }: CommandContext): ClusterCommands => ({
  updateNode: async (reference, version, spec) => {
    await store.update((transaction) => {
      const node = resolve(transaction, 'node', reference);
      if (node.spec.role === 'manager' && spec.role !== 'manager') checkNotLastManager(transaction, node, 'demoted');
      // Nothing acts on it before clusters have several managers, and a role that is not lived is a lie.
      if (node.spec.role !== spec.role) {
        const message = `node ${nodeName(node)} stays a ${node.spec.role}: a cluster has one manager in this version, and its tasks go on while that is away`;
        throw new TuttiError('not-implemented', message);
      }
      transaction.update('node', { ...node, spec }, { specReadAt: version });
    });
  },
  removeNode: async (reference, force) => {
    await store.update((transaction) => {
      const node = resolve(transaction, 'node', reference);
      if (node.spec.role === 'manager') {
        checkNotLastManager(transaction, node, 'removed');
        if (!force) throw new TuttiError('conflict', `node ${nodeName(node)} is a manager: demote it first`);
      }
      const state = transaction.get('nodeStatus', node.id)?.state ?? 'unknown';
      if (state !== 'down' && !force) {
        const message = `node ${nodeName(node)} is ${state}, not down: stop its agent first, or use force`;
        throw new TuttiError('conflict', message);
      }
      transaction.delete('node', node.id);
      // Its disk is no longer the cluster's: the names are free.
      for (const { id } of transaction.find('volume', 'node', node.id)) transaction.delete('volume', id);
    });
  },
  updateCluster: async (version, spec) => {
    await store.update((transaction) => {
      checkPools(spec);
      const { unlockKey: before, ...cluster } = clusterOf(transaction);
      const locked = spec.autoLock ? { unlockKey: before ?? createUnlockKey() } : {};
      transaction.update('cluster', { ...cluster, ...locked, spec }, { specReadAt: version });
    });
  },
  rotateAuthority: async () => {
    const next = await createAuthority(clusterOf(store.view).id, clock.now());
    await store.update((transaction) => {
      const cluster = clusterOf(transaction);
      if (cluster.rotation !== undefined) {
        throw new TuttiError('conflict', 'the authority is being rotated already: nodes that are away hold it up');
      }
      // Who has never been asked has what the cluster had from the start.
      const tls = tlsNow(cluster);
      for (const node of Array.from(transaction.list('node'))) {
        if (node.tls === undefined) transaction.update('node', { ...node, tls });
      }
      const rotation = { phase: 'trust', first: cluster.caCertificate, ...next } as const;
      transaction.update('cluster', { ...cluster, rotation });
    });
  },
  rotateUnlockKey: async () => {
    await store.update((transaction) => {
      const cluster = clusterOf(transaction);
      if (!cluster.spec.autoLock) throw new TuttiError('conflict', 'managers are not locked: set autolock first');
      transaction.update('cluster', { ...cluster, unlockKey: createUnlockKey() });
    });
  },
  rotateJoinToken: async (role: NodeRole) => {
    const { value } = await store.update((transaction) => {
      const cluster = clusterOf(transaction);
      const token = joinToken(role, cluster.caCertificate);
      transaction.update('cluster', { ...cluster, joinTokens: { ...cluster.joinTokens, [role]: token } });
      return token;
    });
    return value;
  },
});

/** The cluster's row. Throws `unavailable` before there is one. */
export const clusterOf = (view: View): Cluster => {
  const [cluster] = view.list('cluster');
  if (cluster === undefined)
    throw new TuttiError('unavailable', 'there is no cluster here: make one with "tutti init"');
  return cluster;
};

const checkNotLastManager = (view: View, node: Node, what: string): void => {
  for (const other of view.list('node')) if (other.id !== node.id && other.spec.role === 'manager') return;
  throw new TuttiError('conflict', `node ${nodeName(node)} is the last manager and cannot be ${what}`);
};

const checkPools = ({ addressPools, overlayPool }: ClusterSpec): void => {
  const ranges = [...addressPools, overlayPool].map((text) => ({ text, ...parseNetwork(text) }));
  for (const [at, range] of ranges.entries()) {
    const other = ranges.slice(at + 1).find((candidate) => overlaps(range, candidate));
    if (other !== undefined) throw new TuttiError('invalid-argument', `pools ${range.text} and ${other.text} overlap`);
  }
};
