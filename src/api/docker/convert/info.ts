import type { NodeRecord } from '../../../manager/manager.ts';
import { isTerminal } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { DockerContext } from '../context.ts';
import { selfNode } from '../context.ts';
import { clusterInfoTo } from './cluster.ts';
import { timestampOf } from './time.ts';

/** The cluster described as one engine: totals over its nodes. */
export const infoOf = (context: DockerContext): Definitions['SystemInfo'] => {
  const { queries } = context.manager;
  const cluster = queries.cluster();
  const nodes = queries.nodes();
  const ready = nodes.filter(({ status }) => status.state === 'ready');
  const self = selfNode(context);
  return {
    ID: cluster.id,
    Name: cluster.spec.name,
    ServerVersion: context.version,
    ...containersOf(context),
    ...resourcesOf(ready),
    ...featuresOf(),
    OperatingSystem: 'Tutti',
    OSType: 'linux',
    OSVersion: '',
    Architecture: self?.node.description?.platform.architecture ?? '',
    KernelVersion: self?.node.description?.engine.kernelVersion ?? '',
    SystemTime: timestampOf(context.clock.now()),
    Driver: 'tutti',
    DriverStatus: driverStatusOf(nodes, cluster.spec.strategy),
    LoggingDriver: cluster.spec.logging?.driver ?? 'json-file',
    Labels: Object.entries(cluster.spec.labels ?? {}).map(([key, value]) => `${key}=${value}`),
    Swarm: swarmOf(context, nodes, self),
    Warnings: [],
  };
};

const containersOf = ({ manager }: DockerContext) => {
  const tasks = manager.queries.tasks();
  const running = tasks.filter(({ status }) => status.state === 'running').length;
  const stopped = tasks.filter(({ status }) => isTerminal(status.state)).length;
  return { Containers: running + stopped, ContainersRunning: running, ContainersPaused: 0, ContainersStopped: stopped };
};

const resourcesOf = (nodes: readonly NodeRecord[]) => {
  const total = (amount: (record: NodeRecord) => number | undefined): number =>
    nodes.reduce((sum, record) => sum + (amount(record) ?? 0), 0);
  return {
    NCPU: Math.round(total(({ node }) => node.description?.resources.nanoCpus) / 1e9),
    MemTotal: total(({ node }) => node.description?.resources.memoryBytes),
    Images: 0,
  };
};

/** What every engine that can be a node has; clients warn of what is false. */
const featuresOf = () => ({
  /* Clients before API 1.50 warn when these two are not there. */
  BridgeNfIptables: true,
  BridgeNfIp6tables: true,
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
  CgroupDriver: 'systemd' as const,
  CgroupVersion: '2' as const,
  DockerRootDir: '/var/lib/docker',
  IndexServerAddress: 'https://index.docker.io/v1/',
  DefaultRuntime: 'runc',
  SecurityOptions: [],
  Plugins: {
    Volume: ['local'],
    Network: ['bridge', 'host', 'null', 'overlay'],
    Log: ['json-file', 'local', 'none', 'journald', 'syslog'],
  },
});

/** The nodes as pairs under the storage driver, where classic Swarm showed them too. */
const driverStatusOf = (nodes: readonly NodeRecord[], strategy: string): string[][] => [
  ['Strategy', strategy],
  ['Nodes', String(nodes.length)],
  ...nodes.map(({ node, status }) => {
    const resources = node.description?.resources;
    const size =
      resources === undefined
        ? ''
        : `, ${resources.nanoCpus / 1e9} CPUs, ${(resources.memoryBytes / 2 ** 30).toFixed(1)} GiB`;
    const name = node.spec.name ?? node.description?.hostname ?? node.id;
    return [` ${name}`, `${status.state}, ${node.spec.availability}${size}`];
  }),
];

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
