import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Cluster, ClusterSpec } from '../../../model/cluster.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { objectTo } from './object.ts';
import { count, driver, nanoseconds, textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';
import { tlsInfoTo } from './tls-info.ts';
import { millisOf, nanosOf } from './time.ts';

export const swarmSchema = z.strictObject({
  Name: z.string().max(255).optional(),
  Labels: textMap.optional(),
  Orchestration: z.strictObject({ TaskHistoryRetentionLimit: z.number().int().min(0).max(1000).optional() }).optional(),
  Raft: z
    .strictObject({
      SnapshotInterval: count.optional(),
      KeepOldSnapshots: count.optional(),
      LogEntriesForSlowFollowers: count.optional(),
      ElectionTick: count.optional(),
      HeartbeatTick: count.optional(),
    })
    .optional(),
  Dispatcher: z.strictObject({ HeartbeatPeriod: nanoseconds.optional() }).optional(),
  CAConfig: z
    .strictObject({
      NodeCertExpiry: nanoseconds.optional(),
      ExternalCAs: z.array(z.unknown()).max(16).optional(),
      SigningCACert: z.string().optional(),
      SigningCAKey: z.string().optional(),
      ForceRotate: count.optional(),
    })
    .optional(),
  EncryptionConfig: z.strictObject({ AutoLockManagers: z.boolean().optional() }).optional(),
  TaskDefaults: z.strictObject({ LogDriver: driver.optional() }).optional(),
});
type DockerSwarm = z.infer<typeof swarmSchema>;

/** `current` with what Swarm's shape says of it. Throws `not-implemented` for settings that nothing acts on. */
export const clusterFrom = (swarm: DockerSwarm, current: ClusterSpec): ClusterSpec => {
  refuseUnacted(swarm);
  const log = swarm.TaskDefaults?.LogDriver;
  return {
    ...current,
    ...sparse({
      name: swarm.Name === '' ? undefined : swarm.Name,
      labels: swarm.Labels,
      raft: given(swarm.Raft, raftFrom),
      taskHistoryLimit: swarm.Orchestration?.TaskHistoryRetentionLimit,
      heartbeatMs: given(swarm.Dispatcher?.HeartbeatPeriod, millisOf),
      autoLock: swarm.EncryptionConfig?.AutoLockManagers,
      nodeCertificateMs: given(unlessZero(swarm.CAConfig?.NodeCertExpiry), millisOf),
      logging: given(log, (engine) => sparse({ driver: engine.Name, options: engine.Options })),
    }),
  };
};

const raftFrom = (raft: NonNullable<DockerSwarm['Raft']>): ClusterSpec['raft'] =>
  sparse({
    snapshotInterval: raft.SnapshotInterval,
    keepOldSnapshots: raft.KeepOldSnapshots,
    logEntriesForSlowFollowers: raft.LogEntriesForSlowFollowers,
    electionTick: raft.ElectionTick,
    heartbeatTick: raft.HeartbeatTick,
  });

/** What Swarm starts with, where nothing else was set: clients send the whole of it back. */
const raftTo = ({ raft = {} }: ClusterSpec): NonNullable<Definitions['SwarmSpec']['Raft']> => ({
  SnapshotInterval: raft.snapshotInterval ?? 10_000,
  KeepOldSnapshots: raft.keepOldSnapshots ?? 0,
  LogEntriesForSlowFollowers: raft.logEntriesForSlowFollowers ?? 500,
  ElectionTick: raft.electionTick ?? 10,
  HeartbeatTick: raft.heartbeatTick ?? 1,
});

const unlessZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

const refuseUnacted = (swarm: DockerSwarm): void => {
  const ca = swarm.CAConfig;
  const refused: readonly (readonly [boolean, string])[] = [
    [(ca?.ExternalCAs?.length ?? 0) > 0, 'CAConfig.ExternalCAs'],
    [(ca?.SigningCACert ?? '') !== '' || (ca?.SigningCAKey ?? '') !== '', 'CAConfig.SigningCACert'],
  ];
  for (const [set, what] of refused) {
    if (set) throw new TuttiError('not-implemented', `swarm update: ${what} is not there yet`);
  }
};

const swarmTo = (spec: ClusterSpec): Definitions['SwarmSpec'] => ({
  Name: spec.name,
  Labels: { ...spec.labels },
  Orchestration: { TaskHistoryRetentionLimit: spec.taskHistoryLimit },
  Raft: raftTo(spec),
  Dispatcher: { HeartbeatPeriod: nanosOf(spec.heartbeatMs) },
  CAConfig: { NodeCertExpiry: nanosOf(spec.nodeCertificateMs ?? 90 * 86_400_000) },
  EncryptionConfig: { AutoLockManagers: spec.autoLock === true },
  TaskDefaults: sparse({
    LogDriver: given(spec.logging, (log) => sparse({ Name: log.driver, Options: log.options })),
  }),
});

/** Without the tokens: what `docker info` shows to everybody. */
export const clusterInfoTo = (cluster: Cluster): NonNullable<Definitions['ClusterInfo']> => ({
  ...objectTo(cluster),
  Spec: swarmTo(cluster.spec),
  /* What it comes to. */
  TLSInfo: tlsInfoTo(cluster.rotation?.phase === 'trust' ? cluster.rotation.certificate : cluster.caCertificate),
  RootRotationInProgress: cluster.rotation !== undefined,
  /* Not Swarm's 4789, so that both can be on one machine (agent/network/names.ts). */
  DataPathPort: 4797,
  DefaultAddrPool: [...cluster.spec.addressPools],
  SubnetSize: cluster.spec.subnetPrefix,
});

export const clusterTo = (cluster: Cluster): Definitions['Swarm'] => ({
  ...clusterInfoTo(cluster),
  JoinTokens: { Worker: cluster.joinTokens.worker, Manager: cluster.joinTokens.manager },
});
