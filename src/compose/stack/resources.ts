import type { ContainerSpec, GenericResource, Resources } from '../../model/container.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';

type Limits = NonNullable<Resources['limits']>;
type Reservations = NonNullable<Resources['reservations']>;
type DeviceRequest = NonNullable<Reservations['devices']>[number];

/** `deploy.resources`, and the keys of version 2 (`mem_limit`, `cpus`, …) for what it does not say. */
export function resources(service: Section): Resources | undefined {
  const asked = service.section('deploy').section('resources');
  const limits = asked.section('limits');
  const reservations = asked.section('reservations');
  const memoryBytes = either(service, limits.bytes('memory'), 'mem_limit', service.bytes('mem_limit'));
  return compactOrNone<Resources>({
    limits: compactOrNone<Limits>({
      nanoCpus: either(service, nanoCpus(limits, 'cpus'), 'cpus', nanoCpus(service, 'cpus')) ?? quota(service),
      memoryBytes,
      pids: either(service, limits.integer('pids'), 'pids_limit', service.integer('pids_limit')),
    }),
    reservations: compactOrNone<Reservations>({
      nanoCpus: nanoCpus(reservations, 'cpus'),
      memoryBytes: either(service, reservations.bytes('memory'), 'mem_reservation', service.bytes('mem_reservation')),
      generic: orNone(reservations.sections('generic_resources').flatMap((one) => generic(one) ?? [])),
      devices: orNone([
        ...reservations.sections('devices').map(deviceRequest),
        ...service.sections('gpus').map((gpu) => withGpu(deviceRequest(gpu))),
      ]),
    }),
    swapBytes: swap(service, memoryBytes),
    swappiness: service.integer('mem_swappiness', { min: -1, max: 100 }),
  });
}

/** The value under `deploy` and the one of version 2 may both be given, if they agree. */
function either(
  service: Section,
  modern: number | undefined,
  key: string,
  old: number | undefined,
): number | undefined {
  if (modern !== undefined && old !== undefined && modern !== old) {
    service.fail(key, 'contradicts deploy.resources; take one of them out');
  }
  return modern ?? old;
}

function nanoCpus(from: Section, key: string): number | undefined {
  const cpus = from.number(key);
  if (cpus !== undefined && cpus < 0) from.fail(key, `cannot be negative, found ${cpus}`);
  return cpus === undefined || cpus <= 0 ? undefined : Math.round(cpus * 1e9);
}

/** `cpu_quota` in `cpu_period` (microseconds, 100,000 when not given) as a number of cores. */
function quota(service: Section): number | undefined {
  const allowed = service.integer('cpu_quota');
  const period = service.integer('cpu_period', { min: 1 }) ?? 100_000;
  if (allowed === undefined) {
    if (service.has('cpu_period')) service.warn('cpu_period', 'without effect, because there is no cpu_quota');
    return undefined;
  }
  return allowed <= 0 ? undefined : Math.round((allowed / period) * 1e9);
}

/** `memswap_limit` counts memory and swap together, the model swap alone; -1 is no limit in both. */
function swap(service: Section, memory: number | undefined): number | undefined {
  const text = service.text('memswap_limit');
  if (text === undefined || text === '0') return undefined;
  if (text === '-1') return -1;
  const total = service.bytes('memswap_limit');
  if (total === undefined) return undefined;
  if (memory === undefined) service.fail('memswap_limit', 'needs a memory limit beside it (mem_limit)');
  else if (total < memory) service.fail('memswap_limit', 'counts memory and swap; it cannot be below the memory limit');
  return Math.max(0, total - (memory ?? 0));
}

function generic(entry: Section): GenericResource | undefined {
  const spec = entry.section('discrete_resource_spec');
  const name = spec.text('kind');
  const value = spec.integer('value', { min: 0 });
  if (name !== undefined && value !== undefined) return { kind: 'discrete', name, value };
  entry.fail(undefined, 'needs discrete_resource_spec with "kind" and a whole number as "value"');
  return undefined;
}

function deviceRequest(device: Section): DeviceRequest {
  const count = device.text('count');
  const ids = device.texts('device_ids');
  if (count !== undefined && ids !== undefined) device.fail('count', 'cannot stand beside device_ids');
  const capabilities = device.texts('capabilities');
  return compact<DeviceRequest>({
    driver: device.text('driver'),
    count: count === 'all' || (count === undefined && ids === undefined) ? -1 : device.integer('count'),
    deviceIds: ids,
    capabilities: capabilities === undefined ? undefined : [[...capabilities]],
    options: device.dictionary('options'),
  });
}

function withGpu(request: DeviceRequest): DeviceRequest {
  const [capabilities = []] = request.capabilities ?? [];
  return { ...request, capabilities: [[...new Set(['gpu', ...capabilities])]] };
}

export function blockIo(service: Section): ContainerSpec['blockIo'] {
  const config = service.section('blkio_config');
  const rates = (key: string) =>
    orNone(config.sections(key).map((entry) => ({ path: required(entry, 'path'), rate: entry.bytes('rate') ?? 0 })));
  const weights = config
    .sections('weight_device')
    .map((entry) => ({ path: required(entry, 'path'), weight: entry.integer('weight') ?? 0 }));
  return compactOrNone<NonNullable<ContainerSpec['blockIo']>>({
    weight: config.integer('weight', { min: 0, max: 1000 }),
    weightDevice: orNone(weights),
    readBps: rates('device_read_bps'),
    writeBps: rates('device_write_bps'),
    readIops: rates('device_read_iops'),
    writeIops: rates('device_write_iops'),
  });
}

function required(entry: Section, key: string): string {
  const text = entry.text(key);
  if (text === undefined) entry.fail(undefined, `the key ${JSON.stringify(key)} is missing`);
  return text ?? '';
}
