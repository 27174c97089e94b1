import type { ContainerSpec, GenericResource } from '../../model/container.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import { present } from './present.ts';

/** Limits, reservations, devices and cgroup settings of a container. */
export function engineResources(spec: ContainerSpec): Definitions['Resources'] {
  return { ...cgroupLimits(spec), ...blockIoLimits(spec), ...deviceAccess(spec) };
}

function cgroupLimits(spec: ContainerSpec): Definitions['Resources'] {
  const { limits, reservations, swapBytes, swappiness } = spec.resources ?? {};
  return present({
    NanoCpus: limits?.nanoCpus,
    Memory: limits?.memoryBytes,
    PidsLimit: limits?.pids,
    MemoryReservation: memoryReservation(reservations?.memoryBytes),
    MemorySwap: memorySwap(limits?.memoryBytes, swapBytes),
    MemorySwappiness: swappiness,
    CpusetCpus: spec.cpuset,
    CpuShares: spec.cpuShares,
    CpuRealtimePeriod: spec.cpuRealtimePeriod,
    CpuRealtimeRuntime: spec.cpuRealtimeRuntime,
    CgroupParent: spec.cgroupParent,
    OomKillDisable: spec.oomKillDisable,
    Init: spec.init,
    Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
  });
}

/** The engine refuses to reserve less than this. The scheduler has counted it all the same. */
const leastReservation = 6 * 1024 * 1024;

const memoryReservation = (bytes: number | undefined): number | undefined =>
  bytes === undefined || bytes < leastReservation ? undefined : bytes;

/** The engine counts memory and swap together; the model counts swap alone, -1 for no limit. */
function memorySwap(memoryBytes: number | undefined, swapBytes: number | undefined): number | undefined {
  if (swapBytes === undefined || swapBytes === -1) return swapBytes;
  return memoryBytes === undefined ? undefined : memoryBytes + swapBytes;
}

function blockIoLimits({ blockIo }: ContainerSpec): Definitions['Resources'] {
  const rates = (limits: readonly { readonly path: string; readonly rate: number }[] | undefined) =>
    limits?.map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return present({
    BlkioWeight: blockIo?.weight,
    BlkioWeightDevice: blockIo?.weightDevice?.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(blockIo?.readBps),
    BlkioDeviceWriteBps: rates(blockIo?.writeBps),
    BlkioDeviceReadIOps: rates(blockIo?.readIops),
    BlkioDeviceWriteIOps: rates(blockIo?.writeIops),
  });
}

function deviceAccess(spec: ContainerSpec): Definitions['Resources'] {
  return present({
    Devices: spec.devices?.map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions ?? 'rwm',
    })),
    DeviceCgroupRules: spec.deviceCgroupRules?.slice(),
    DeviceRequests: spec.resources?.reservations?.devices?.map((request) =>
      present({
        Driver: request.driver,
        Count: request.count,
        DeviceIDs: request.deviceIds?.slice(),
        Capabilities: request.capabilities?.map((set) => [...set]),
        Options: request.options === undefined ? undefined : { ...request.options },
      }),
    ),
  });
}

/** `DOCKER_RESOURCE_<NAME>=<value>[,<value>]`: how Swarm tells a task which generic resources it got. */
export function genericResourceEnv(resources: readonly GenericResource[]): string[] {
  const values = new Map<string, string[]>();
  for (const resource of resources) {
    const name = `DOCKER_RESOURCE_${resource.name.toUpperCase()}`;
    values.set(name, [...(values.get(name) ?? []), String(resource.value)]);
  }
  return [...values].map(([name, list]) => `${name}=${list.join(',')}`);
}
