import { differences } from '../../../core/plan/difference.ts';
import type { ContainerSpec, Mount, Resources } from '../../../model/container.ts';
import type { PublishedPort, ServiceSpec } from '../../../model/service.ts';
import { isPrivilegeOption } from './privileges.ts';
import { given, sparse } from './sparse.ts';

/**
 * What a service made from a Compose file may have and Docker's shape has no word for. A docker client reads a service,
 * changes a field and writes it back: these would be lost with each `docker service update`.
 */
const containerFields = [
  'name',
  'pullPolicy',
  'domainname',
  'privileged',
  'devices',
  'deviceCgroupRules',
  'annotations',
  'logging',
  'shmSizeBytes',
  'pidMode',
  'ipcMode',
  'utsMode',
  'usernsMode',
  'cgroupnsMode',
  'cgroupParent',
  'cpuset',
  'cpuShares',
  'cpuRealtimePeriod',
  'cpuRealtimeRuntime',
  'blockIo',
  'oomKillDisable',
  'runtime',
  'storageOptions',
  'macAddress',
  'expose',
] as const satisfies readonly (keyof ContainerSpec)[];

/**
 * `next` with everything of `current` that Docker's shape cannot say. Pure; neither is changed. Where the tasks come to
 * mean the same, they are left as they were: clients drop false and empty fields, and no task is replaced for that.
 */
export const carryOver = (current: ServiceSpec, next: ServiceSpec): ServiceSpec => {
  const carried = withUnsayable(current, next);
  const { pullCredentials: _current, ...before } = current.task;
  const { pullCredentials, ...after } = carried.task;
  if (differences(before, after).length > 0) return carried;
  return { ...carried, task: { ...before, ...sparse({ pullCredentials }) } };
};

const withUnsayable = (current: ServiceSpec, next: ServiceSpec): ServiceSpec => {
  const [old, ...rest] = current.task.containers;
  const [main] = next.task.containers;
  return {
    ...next,
    ...sparse({ dependsOn: current.dependsOn, endpoint: carryEndpoint(current, next) }),
    task: {
      ...next.task,
      ...sparse({
        networks: carryNetworks(current, next),
        /* 0 and absent are the same to clients. */
        forceUpdate: next.task.forceUpdate ?? (current.task.forceUpdate === 0 ? 0 : undefined),
      }),
      containers: old === undefined || main === undefined ? next.task.containers : [carryContainer(old, main), ...rest],
    },
  };
};

const carryContainer = (old: ContainerSpec, next: ContainerSpec): ContainerSpec => {
  const kept = Object.fromEntries(
    containerFields.filter((field) => old[field] !== undefined).map((field) => [field, old[field]]),
  ) as Partial<ContainerSpec>;
  const options = [
    ...(next.securityOpt ?? []),
    ...(old.securityOpt ?? []).filter((option) => !isPrivilegeOption(option)),
  ];
  return {
    ...next,
    ...kept,
    ...sparse({
      securityOpt: options.length > 0 ? options : undefined,
      mounts: next.mounts?.map((mount) => carryMount(old, mount)),
      resources: carryResources(old.resources, next.resources),
    }),
  };
};

const carryMount = (old: ContainerSpec, mount: Mount): Mount => {
  const selinux = old.mounts?.find(
    (before) => before.target === mount.target && before.source === mount.source && before.bind?.selinux !== undefined,
  )?.bind?.selinux;
  return selinux === undefined || mount.bind === undefined ? mount : { ...mount, bind: { ...mount.bind, selinux } };
};

const carryResources = (old: Resources | undefined, next: Resources | undefined): Resources | undefined => {
  const devices = old?.reservations?.devices;
  return devices === undefined ? next : { ...next, reservations: { ...next?.reservations, devices } };
};

const carryNetworks = (current: ServiceSpec, next: ServiceSpec) =>
  next.task.networks?.map((network) => {
    const before = current.task.networks?.find((old) => old.networkId === network.networkId);
    return { ...network, ...sparse({ ipv4Address: before?.ipv4Address, ipv6Address: before?.ipv6Address }) };
  });

const carryEndpoint = (current: ServiceSpec, next: ServiceSpec) =>
  given(next.endpoint, (endpoint) => ({
    ...endpoint,
    ...sparse({ ports: given(endpoint.ports, (ports) => carryPorts(current.endpoint?.ports ?? [], ports)) }),
  }));

/** A port may be published on several host addresses: ports that are alike are taken in order. */
const carryPorts = (old: readonly PublishedPort[], next: readonly PublishedPort[]): readonly PublishedPort[] => {
  const left = [...old];
  return next.map((port) => {
    const at = left.findIndex((before) => portKey(before) === portKey(port));
    const [before] = at < 0 ? [] : left.splice(at, 1);
    const { hostAddress, range, tasks, unserved } = before ?? {};
    return { ...port, ...sparse({ hostAddress, range, tasks, unserved }) };
  });
};

const portKey = ({ target, protocol, published, mode }: PublishedPort): string =>
  `${protocol} ${target} ${published ?? ''} ${mode}`;
