import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import type { Manager, NodeRecord } from '../../../manager/manager.ts';
import { nodeName } from '../../../model/node.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { selfNode } from '../context.ts';
import { clusterInfoTo } from '../convert/cluster.ts';
import { timestampOf } from '../convert/time.ts';
import { systemStatusOf } from './system-status.ts';

type Info = Definitions['SystemInfo'];

/** The own engine is asked for no longer than this: most of the answer does not come from it. */
const deadlineMs = 1_000;

/**
 * The cluster described as one engine: totals over its nodes. What only an engine knows of itself (runtimes, cgroups,
 * security options) is what the manager's own node says.
 */
export const infoOf = async (
  context: DockerContext,
  request: ApiRequest,
): Promise<Info & { readonly SystemStatus: readonly (readonly [string, string])[] }> => {
  const { manager, clock } = context;
  const { queries } = manager;
  const cluster = queries.cluster();
  const nodes = queries.nodes();
  const ready = nodes.filter(({ status }) => status.state === 'ready');
  const self = selfNode(context);
  const own = await ownInfo(context, self, request);
  return {
    ...fallback,
    ...own,
    ID: cluster.id,
    Name: self === undefined ? cluster.spec.name : nodeName(self.node),
    ServerVersion: context.version,
    ...countsOf(manager, nodes),
    ...resourcesOf(ready),
    OperatingSystem: common(ready, ({ node }) => node.description?.engine.operatingSystem) ?? 'Tutti',
    KernelVersion: common(ready, ({ node }) => node.description?.engine.kernelVersion) ?? 'mixed',
    Architecture: own?.Architecture ?? self?.node.description?.platform.architecture ?? '',
    SystemTime: timestampOf(clock.now()),
    Driver: common(ready, ({ node }) => node.description?.engine.storageDriver) ?? 'mixed',
    DriverStatus: [],
    SystemStatus: systemStatusOf(context, nodes),
    LoggingDriver: cluster.spec.logging?.driver ?? own?.LoggingDriver ?? 'json-file',
    Labels: Object.entries(cluster.spec.labels ?? {}).map(([key, value]) => `${key}=${value}`),
    Plugins: pluginsOf(ready, own),
    GenericResources: [],
    Swarm: swarmOf(context, nodes, self),
    Warnings: [...warningsOf(nodes), ...ownWarnings(own)],
  };
};

const ownInfo = async (
  { manager, clock }: DockerContext,
  self: NodeRecord | undefined,
  { signal }: ApiRequest,
): Promise<Info | undefined> => {
  if (self === undefined) return undefined;
  const { answers } = await askEngines(manager, { method: 'GET', path: '/info' }, readAnswerJson, {
    clock,
    signal,
    nodes: [self],
    deadlineMs,
  });
  return answers[0]?.value as Info | undefined;
};

/** What all have; undefined where they differ, or there are none. */
const common = (nodes: readonly NodeRecord[], of: (record: NodeRecord) => string | undefined): string | undefined => {
  const values = new Set(nodes.map(of));
  const [value] = values;
  return values.size === 1 && value !== '' ? value : undefined;
};

const countsOf = ({ inventory }: Manager, nodes: readonly NodeRecord[]) => {
  const states = inventory.containers().map(({ summary }) => summary.State);
  const count = (wanted: (state: string | undefined) => boolean): number => states.filter(wanted).length;
  const images = new Set(nodes.flatMap(({ node }) => inventory.images(node.id).map(({ Id }) => Id)));
  const running = count((state) => state === 'running' || state === 'restarting');
  const paused = count((state) => state === 'paused');
  return {
    Containers: states.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: states.length - running - paused,
    Images: images.size,
  };
};

const resourcesOf = (nodes: readonly NodeRecord[]) => {
  const total = (amount: (record: NodeRecord) => number | undefined): number =>
    nodes.reduce((sum, record) => sum + (amount(record) ?? 0), 0);
  return {
    NCPU: Math.round(total(({ node }) => node.description?.resources.nanoCpus) / 1e9),
    MemTotal: total(({ node }) => node.description?.resources.memoryBytes),
  };
};

/** Of all nodes: a volume of a driver that one node has is made there. */
const pluginsOf = (nodes: readonly NodeRecord[], own: Info | undefined): NonNullable<Info['Plugins']> => {
  const names = (type: string, always: readonly string[]): string[] => {
    const found = nodes.flatMap(({ node }) =>
      (node.description?.engine.plugins ?? []).flatMap((plugin) => (plugin.type === type ? [plugin.name] : [])),
    );
    return [...new Set([...always, ...found])].toSorted();
  };
  return {
    Volume: names('Volume', ['local']),
    Network: names('Network', own?.Plugins?.Network ?? ['bridge', 'host', 'null', 'overlay']),
    Log: names('Log', own?.Plugins?.Log ?? ['json-file', 'local', 'none']),
    Authorization: [],
  };
};

/** Where no engine says it: what every engine that can be a node has; clients warn of what is false. */
const fallback: Info & Readonly<Record<'BridgeNfIptables' | 'BridgeNfIp6tables', boolean>> = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  OomKillDisable: true,
  IPv4Forwarding: true,
  Debug: false,
  ExperimentalBuild: false,
  LiveRestoreEnabled: true,
  OSType: 'linux',
  OSVersion: '',
  CgroupDriver: 'systemd',
  CgroupVersion: '2',
  DockerRootDir: '/var/lib/docker',
  IndexServerAddress: 'https://index.docker.io/v1/',
  DefaultRuntime: 'runc',
  SecurityOptions: [],
  // Clients before API 1.50 warn when these two are not there; newer types have them no more.
  BridgeNfIptables: true,
  BridgeNfIp6tables: true,
};

const warningsOf = (nodes: readonly NodeRecord[]): string[] =>
  nodes.flatMap(({ node, status }) =>
    status.state === 'ready' && node.refused === undefined
      ? []
      : [`WARNING: node ${nodeName(node)} is ${status.state}${status.message === '' ? '' : `: ${status.message}`}`],
  );

/** What an engine says of its kernel, such as limits that do not hold, with its name: that of other nodes may do better. */
const ownWarnings = (own: Info | undefined): string[] =>
  (own?.Warnings ?? []).map((warning) => `${warning} on ${own?.Name ?? ''}`);

const swarmOf = (
  { manager }: DockerContext,
  nodes: readonly NodeRecord[],
  self: NodeRecord | undefined,
): Definitions['SwarmInfo'] => {
  const managers = nodes.filter((record) => record.manager !== undefined);
  return {
    NodeID: self?.node.id ?? '',
    NodeAddr: self?.node.description?.address ?? '',
    LocalNodeState: 'active',
    ControlAvailable: true,
    Error: '',
    RemoteManagers: managers.map((record) => ({ NodeID: record.node.id, Addr: record.manager?.address ?? '' })),
    Nodes: nodes.length,
    Managers: managers.length,
    Cluster: clusterInfoTo(manager.queries.cluster()),
  };
};
