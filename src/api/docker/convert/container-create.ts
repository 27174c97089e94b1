import * as z from 'zod';
import { findHints } from '../../../core/place/hints.ts';
import { compareApi, severalNetworksApi } from '../../../model/api-version.ts';
import { TuttiError } from '../../../model/errors.ts';
import { hostPortKey } from '../../../model/host-port.ts';
import type { ContainerDependency, MountedVolume, SingleContainerSpec } from '../../../model/single-container.ts';
import { withFieldNames } from '../../http/field-names.ts';
import { check } from '../../http/validate.ts';
import { textMap } from './schema.ts';
import { sparse } from './sparse.ts';

const texts = z.array(z.string().max(131_072)).max(4096).nullish();
const count = z.number().nullish();

/** What placing has to know of a request; the rest goes to the engine as it came, which checks it. */
const createSchema = z.looseObject({
  Image: z.string().max(4096).nullish(),
  Env: texts,
  Labels: textMap.nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  HostConfig: z
    .looseObject({
      Memory: count,
      MemoryReservation: count,
      NanoCpus: count,
      CpuQuota: count,
      CpuPeriod: count,
      PortBindings: z
        .record(
          z.string(),
          z.array(z.looseObject({ HostIp: z.string().nullish(), HostPort: z.string().nullish() })).nullish(),
        )
        .nullish(),
      Binds: texts,
      Mounts: z
        .array(
          z.looseObject({
            Type: z.string().nullish(),
            Source: z.string().nullish(),
            VolumeOptions: z
              .looseObject({
                Labels: textMap.nullish(),
                DriverConfig: z.looseObject({ Name: z.string().nullish(), Options: textMap.nullish() }).nullish(),
              })
              .nullish(),
          }),
        )
        .nullish(),
      VolumesFrom: texts,
      VolumeDriver: z.string().nullish(),
      Links: texts,
      NetworkMode: z.string().nullish(),
      PidMode: z.string().nullish(),
      IpcMode: z.string().nullish(),
    })
    .nullish(),
  NetworkingConfig: z.looseObject({ EndpointsConfig: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});
type CreateBody = z.infer<typeof createSchema>;
type HostConfig = NonNullable<CreateBody['HostConfig']>;

export interface CreateInput {
  readonly name: string;
  readonly platform?: string | undefined;
  readonly apiVersion?: string | undefined;
}

/** A client's `POST /containers/create`, as the cluster has it. Throws `invalid-argument`. */
export const containerFrom = (input: unknown, { name, platform, apiVersion }: CreateInput): SingleContainerSpec => {
  if (input === undefined)
    throw new TuttiError('invalid-argument', 'config cannot be empty in order to create a container');
  const body = check(createSchema, withFieldNames(createSchema, input), 'container');
  const host = body.HostConfig ?? {};
  const image = body.Image ?? '';
  if (image === '')
    throw new TuttiError('invalid-argument', 'No command specified: no image was given, Image is empty');
  checkNetworks(body, apiVersion);
  const result = findHints(body.Env ?? [], body.Labels ?? {});
  if (result.kind === 'invalid') throw new TuttiError('invalid-argument', result.reason);
  const { env, hints, reschedule } = result.found;
  return {
    name,
    image,
    ...sparse({ platform, apiVersion }),
    request: withPlainNames({ ...body, ...(body.Env && { Env: env }) }, host),
    hints,
    reschedule,
    reservation: reservationOf(host),
    hostPorts: hostPortsOf(body, host),
    volumes: volumesOf(host),
    dependencies: dependenciesOf(host),
    ...sparse({ replaces: body.Labels?.[replaceLabel] }),
  };
};

/** Clients of older versions expect a refusal: they connect the other networks afterwards. */
const checkNetworks = ({ NetworkingConfig }: CreateBody, apiVersion: string | undefined): void => {
  const names = Object.keys(NetworkingConfig?.EndpointsConfig ?? {});
  if (names.length < 2 || apiVersion === undefined || compareApi(apiVersion, severalNetworksApi) >= 0) return;
  throw new TuttiError('invalid-argument', `Container cannot be connected to network endpoints: ${names.join(', ')}`);
};

/** Docker Compose names the container here that it makes another one for: it is stopped only when that is made. */
const replaceLabel = 'com.docker.compose.replace';

/** What `POST /containers/{id}/update` changes; what is zero or empty in it stays as it is. */
export const withUpdate = (spec: SingleContainerSpec, input: unknown): SingleContainerSpec => {
  const given = Object.entries((input ?? {}) as Readonly<Record<string, unknown>>).filter(([, value]) =>
    isGiven(value),
  );
  const parsed = createSchema.safeParse({
    ...spec.request,
    HostConfig: { ...(spec.request['HostConfig'] as object | undefined), ...Object.fromEntries(given) },
  });
  // The engine has taken what placing cannot read: it stays as it was.
  if (!parsed.success) return spec;
  return { ...spec, request: parsed.data, reservation: reservationOf(parsed.data.HostConfig ?? {}) };
};

const isGiven = (value: unknown): boolean => {
  if (value === null || value === 0 || value === '' || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || (value as { readonly Name?: unknown }).Name !== '';
};

/** What it may take at most counts as reserved, as in classic Swarm, where it does not say how much it wants to be sure of. */
const reservationOf = ({ Memory, MemoryReservation, NanoCpus, CpuQuota, CpuPeriod }: HostConfig) => {
  const memory = positive(MemoryReservation) ?? positive(Memory) ?? 0;
  const quota = positive(CpuQuota);
  const cpus = positive(NanoCpus) ?? (quota === undefined ? 0 : (quota / (positive(CpuPeriod) ?? 100_000)) * 1e9);
  return { nanoCpus: Math.round(cpus), memoryBytes: Math.round(memory) };
};

const positive = (value: number | null | undefined): number | undefined =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined;

/** Of those whose number was chosen; all that it exposes where it is on its node's own network. */
const hostPortsOf = ({ ExposedPorts }: CreateBody, { PortBindings, NetworkMode }: HostConfig): readonly string[] => {
  const keys = new Set<string>();
  // None for a port that the engine is to choose.
  const add = (protocol: string | undefined, address: string, taken: string): void => {
    const key = hostPortKey(protocol ?? 'tcp', address, taken);
    if (key !== undefined) keys.add(key);
  };
  if (NetworkMode === 'host') {
    for (const port of Object.keys(ExposedPorts ?? {})) {
      const [number = '', protocol] = port.split('/');
      add(protocol, '', number);
    }
    return [...keys];
  }
  for (const [port, hosts] of Object.entries(PortBindings ?? {})) {
    const [, protocol] = port.split('/');
    for (const { HostIp, HostPort } of hosts ?? []) add(protocol, HostIp ?? '', HostPort ?? '');
  }
  return [...keys];
};

const volumesOf = ({ Binds, Mounts, VolumeDriver }: HostConfig): readonly MountedVolume[] => {
  const driver = VolumeDriver ?? '';
  const bound = (Binds ?? []).flatMap((bind) => {
    const [source = '', target] = bind.split(':');
    if (target === undefined || !isVolumeName(source)) return [];
    return [{ name: source, ...(driver !== '' && { driver }) }];
  });
  const mounted = (Mounts ?? []).flatMap(({ Type, Source, VolumeOptions }) => {
    if (Type !== 'volume' || !isVolumeName(Source ?? '')) return [];
    const config = VolumeOptions?.DriverConfig;
    const named = config?.Name ?? '';
    return [
      {
        name: Source ?? '',
        ...sparse({
          driver: named === '' ? undefined : named,
          options: config?.Options ?? undefined,
          labels: VolumeOptions?.Labels ?? undefined,
        }),
      },
    ];
  });
  return [...new Map([...bound, ...mounted].map((volume) => [volume.name, volume])).values()];
};

const isVolumeName = (source: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source);

const dependenciesOf = (host: HostConfig): readonly ContainerDependency[] => [
  ...(host.VolumesFrom ?? []).map((text) => ({ option: `--volumes-from=${text}`, container: beforeColon(text) })),
  ...linksOf(host).map((text) => ({ option: `--link=${text}`, container: beforeColon(text) })),
  ...shared('--net', host.NetworkMode),
  ...shared('--pid', host.PidMode),
  ...shared('--ipc', host.IpcMode),
];

/** On a network of the user's a link is a further name in that network, whatever node the other is on: no engine reads it here. */
const linksOf = ({ Links, NetworkMode }: HostConfig): readonly string[] =>
  isEnginesOwn(NetworkMode ?? '') ? (Links ?? []) : [];

const isEnginesOwn = (mode: string): boolean =>
  ['', 'default', 'bridge', 'host', 'none'].includes(mode) || mode.startsWith(sharedPrefix);

const beforeColon = (text: string): string => text.split(':')[0] ?? '';

const sharedPrefix = 'container:';

const shared = (option: string, mode: string | null | undefined): readonly ContainerDependency[] =>
  mode?.startsWith(sharedPrefix) === true
    ? [{ option: `${option}=${mode}`, container: mode.slice(sharedPrefix.length) }]
    : [];

/** Engines do not know `node/name`: the container is beside them once it is placed. */
const withPlainNames = (body: Record<string, unknown>, host: HostConfig): Record<string, unknown> => {
  const references = dependenciesOf(host);
  if (!references.some(({ container }) => container.includes('/'))) return body;
  const plain = (text: string): string => text.replace(/^\/?[^/:]+\/(?=[^/])/, '');
  const mode = (text: string | null | undefined) =>
    text?.startsWith(sharedPrefix) === true ? `${sharedPrefix}${plain(text.slice(sharedPrefix.length))}` : text;
  return {
    ...body,
    HostConfig: {
      ...host,
      VolumesFrom: host.VolumesFrom?.map(plain),
      Links: host.Links?.map(plain),
      NetworkMode: mode(host.NetworkMode),
      PidMode: mode(host.PidMode),
      IpcMode: mode(host.IpcMode),
    },
  };
};
