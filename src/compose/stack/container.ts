import type { ContainerSpec } from '../../model/container.ts';
import { configReferences, secretReferences } from './files.ts';
import { healthcheck } from './health.ts';
import { stackLabels } from './labels.ts';
import { mounts } from './mounts.ts';
import type { Names } from './names.ts';
import { blockIo, resources } from './resources.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';

type Fields = { [Key in keyof ContainerSpec]?: ContainerSpec[Key] | undefined };

export interface ContainerOf {
  readonly stack: string;
  readonly key: string;
  readonly root: Section;
  readonly names: Names;
}

/** The one container of a Compose service. */
export function containerSpec(service: Section, of: ContainerOf): ContainerSpec {
  return compact<ContainerSpec>({
    name: 'main',
    image: service.text('image') ?? `${of.stack}-${of.key}`,
    ...process(service),
    ...filesystem(service, of),
    ...host(service),
    ...limits(service),
    labels: stackLabels(of.stack, service.dictionary('labels')),
    annotations: service.dictionary('annotations'),
    healthcheck: healthcheck(service),
    pullPolicy: pullPolicy(service),
  } as Fields as ContainerSpec);
}

function process(service: Section): Fields {
  return {
    entrypoint: entrypoint(service),
    command: orNone(service.texts('command')),
    env: orNone(service.entries('environment').map(([name, text]) => (text === undefined ? name : `${name}=${text}`))),
    workingDir: service.text('working_dir'),
    user: service.text('user'),
    groups: orNone(service.texts('group_add')),
    tty: service.boolean('tty'),
    openStdin: service.boolean('stdin_open'),
    init: service.boolean('init'),
    privileged: service.boolean('privileged'),
    stopSignal: service.text('stop_signal'),
    stopGraceMs: service.duration('stop_grace_period'),
    capAdd: capabilities(service, 'cap_add'),
    capDrop: capabilities(service, 'cap_drop'),
    securityOpt: securityOptions(service),
    runtime: service.text('runtime'),
    isolation: service.text('isolation'),
  };
}

/** With the names of the kernel, in order, as the docker CLI has them. */
function capabilities(service: Section, key: string): readonly string[] | undefined {
  const names = (service.texts(key) ?? []).map((text) => text.toUpperCase().replace(/^CAP_/, ''));
  return orNone([...new Set(names.map((name) => (name === 'ALL' ? name : `CAP_${name}`)))].sort());
}

/** To the engine one empty word takes the image's entrypoint away; no word leaves it. */
function entrypoint(service: Section): readonly string[] | undefined {
  const words = service.texts('entrypoint');
  return words?.length === 0 ? [''] : words;
}

function filesystem(service: Section, of: ContainerOf): Fields {
  return {
    readOnly: service.boolean('read_only'),
    mounts: mounts(service, of),
    secrets: secretReferences(service, of.names),
    configs: configReferences(service, of.names),
    shmSizeBytes: service.bytes('shm_size'),
    storageOptions: service.dictionary('storage_opt'),
    devices: orNone(
      service.sections('devices').map((device) => {
        const source = device.text('source') ?? '';
        return {
          hostPath: source,
          containerPath: device.text('target') ?? source,
          permissions: device.text('permissions') ?? 'rwm',
        };
      }),
    ),
    deviceCgroupRules: orNone(service.texts('device_cgroup_rules')),
  };
}

function host(service: Section): Fields {
  return {
    hostname: service.text('hostname'),
    domainname: service.text('domainname'),
    hosts: orNone(
      service.named('extra_hosts').flatMap(([name]) => {
        const addresses = service.section('extra_hosts').texts(name) ?? [];
        return addresses.map((address) => `${name}:${address}`);
      }),
    ),
    dns: compactOrNone<NonNullable<ContainerSpec['dns']>>({
      nameservers: orNone(service.texts('dns')),
      search: orNone(service.texts('dns_search')),
      options: orNone(service.texts('dns_opt')),
    }),
    macAddress: service.text('mac_address'),
    pidMode: namespaceMode(service, 'pid'),
    ipcMode: namespaceMode(service, 'ipc'),
    utsMode: service.text('uts'),
    usernsMode: service.text('userns_mode'),
    cgroupnsMode: service.text('cgroup'),
    cgroupParent: service.text('cgroup_parent'),
    sysctls: service.dictionary('sysctls'),
    expose: orNone((service.texts('expose') ?? []).flatMap((text) => exposed(service, text))),
  };
}

function limits(service: Section): Fields {
  return {
    resources: resources(service),
    blockIo: blockIo(service),
    cpuset: service.text('cpuset'),
    cpuShares: service.integer('cpu_shares', { min: 0 }),
    cpuRealtimePeriod: microseconds(service, 'cpu_rt_period'),
    cpuRealtimeRuntime: microseconds(service, 'cpu_rt_runtime'),
    oomScoreAdj: service.integer('oom_score_adj', { min: -1000, max: 1000 }),
    oomKillDisable: service.boolean('oom_kill_disable'),
    ulimits: orNone(
      service.named('ulimits').map(([name, limit]) => ({
        name,
        soft: limit.integer('soft', { min: -1 }) ?? 0,
        hard: limit.integer('hard', { min: -1 }) ?? 0,
      })),
    ),
  };
}

/** A number counts microseconds; a text may be a duration. */
function microseconds(service: Section, key: string): number | undefined {
  const plain = /^\d+$/.test(service.text(key) ?? '');
  if (plain) return service.integer(key);
  const span = service.duration(key);
  return span === undefined ? undefined : Math.round(span * 1000);
}

/** Tasks of two services need not be on one node, so one cannot be in the other's namespace. */
function namespaceMode(service: Section, key: 'pid' | 'ipc'): string | undefined {
  const mode = service.text(key);
  if (mode === undefined || !/^(?:service|container):/.test(mode)) return mode;
  service.warn(key, `${JSON.stringify(mode)} is ignored; the container has a namespace of its own`);
  return undefined;
}

function securityOptions(service: Section): readonly string[] | undefined {
  const options = (service.texts('security_opt') ?? []).filter((option) => {
    const profile = /^seccomp[=:](.+)$/.exec(option)?.[1];
    const readable = profile === undefined || ['unconfined', 'builtin'].includes(profile) || profile.startsWith('{');
    if (!readable) service.warn('security_opt', `the seccomp profile ${profile} is ignored; give it inline, as JSON`);
    return readable;
  });
  return orNone(options);
}

function pullPolicy(service: Section): ContainerSpec['pullPolicy'] {
  const policy = service.text('pull_policy');
  switch (policy) {
    case undefined:
      return undefined;
    case 'always':
    case 'never':
    case 'missing':
      return policy;
    case 'if_not_present':
      return 'missing';
    case 'build':
      service.warn('pull_policy', '"build" is ignored: images are not built when a stack is deployed');
      return 'missing';
    default:
      service.warn('pull_policy', `${JSON.stringify(policy)} is taken as "always": a new task looks for a newer image`);
      return 'always';
  }
}

/** `3000`, `3000-3005`, `53/udp`. */
function exposed(service: Section, text: string): NonNullable<ContainerSpec['expose']> {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last > 65_535 || last < first) {
    service.fail('expose', `${JSON.stringify(text)} is not a port or a range of ports`);
    return [];
  }
  const protocol = (match[3] ?? 'tcp') as 'tcp' | 'udp' | 'sctp';
  return Array.from({ length: last - first + 1 }, (_, index) => ({ protocol, port: first + index }));
}
