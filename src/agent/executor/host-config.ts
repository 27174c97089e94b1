import { TuttiError } from '../../model/errors.ts';
import type { ContainerSpec } from '../../model/container.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import { engineMounts } from './mounts.ts';
import type { Networking } from './networking.ts';
import { present } from './present.ts';
import type { RequestContext } from './request-context.ts';
import { engineResources } from './resources.ts';
import type { TemplateContext } from './template.ts';

type HostConfig = Definitions['HostConfig'];

/** What the container gets of its host. */
export function hostConfig(context: RequestContext, template: TemplateContext): HostConfig {
  const { spec, networking } = context;
  return {
    ...engineResources(spec),
    ...storage(context, template),
    ...security(spec),
    ...namespaces(spec),
    ...names(spec, networking),
    NetworkMode: networkMode(networking),
    // Restarts are the agent's: an engine that restarts too would make two histories of one task.
    RestartPolicy: { Name: 'no' },
    ...present({
      PortBindings: networking.kind === 'shared' ? undefined : portBindings(context),
      LogConfig: logConfig(context),
      OomScoreAdj: spec.oomScoreAdj,
      Runtime: spec.runtime,
      ShmSize: spec.shmSizeBytes,
      Sysctls: spec.sysctls === undefined ? undefined : { ...spec.sysctls },
      Annotations: spec.annotations === undefined ? undefined : { ...spec.annotations },
      Isolation: spec.isolation as NonNullable<HostConfig['Isolation']> | undefined,
    }),
  };
}

function networkMode(networking: Networking): string {
  switch (networking.kind) {
    case 'attached':
      return networking.endpoints[0]?.network ?? 'none';
    case 'engine':
      return networking.mode;
    case 'shared':
      return `container:${networking.containerId}`;
  }
}

function storage({ spec, files, engineApi }: RequestContext, template: TemplateContext): HostConfig {
  const { mounts, binds, tmpfs } = engineMounts(spec.mounts ?? [], template, engineApi);
  const fileMounts = files.map(({ path, target }): Definitions['Mount'] => ({
    Type: 'bind',
    Source: path,
    Target: target,
    ReadOnly: true,
  }));
  const all = [...mounts, ...fileMounts];
  return present({
    Mounts: all.length === 0 ? undefined : all,
    Binds: binds.length === 0 ? undefined : binds,
    Tmpfs: Object.keys(tmpfs).length === 0 ? undefined : tmpfs,
    ReadonlyRootfs: spec.readOnly,
    StorageOpt: spec.storageOptions === undefined ? undefined : { ...spec.storageOptions },
  });
}

function security(spec: ContainerSpec): HostConfig {
  const options = [
    ...(spec.securityOpt ?? []),
    ...(spec.noNewPrivileges === true ? ['no-new-privileges'] : []),
    ...seccompOption(spec),
  ];
  return present({
    SecurityOpt: options.length === 0 ? undefined : options,
    Privileged: spec.privileged,
    CapAdd: spec.capAdd?.slice(),
    CapDrop: spec.capDrop?.slice(),
    GroupAdd: spec.groups?.slice(),
  });
}

function seccompOption({ seccomp }: ContainerSpec): string[] {
  if (seccomp === undefined || seccomp.mode === '' || seccomp.mode === 'default') return [];
  if (seccomp.mode === 'unconfined') return ['seccomp=unconfined'];
  if (seccomp.mode === 'custom' && seccomp.profile !== undefined) return [`seccomp=${seccomp.profile}`];
  throw new TuttiError(
    'invalid-argument',
    `seccomp mode "${seccomp.mode}": want default, unconfined, or custom with a profile`,
  );
}

function namespaces(spec: ContainerSpec): HostConfig {
  return present({
    PidMode: spec.pidMode,
    IpcMode: spec.ipcMode,
    UTSMode: spec.utsMode,
    UsernsMode: spec.usernsMode,
    CgroupnsMode: spec.cgroupnsMode as NonNullable<HostConfig['CgroupnsMode']> | undefined,
  });
}

/** Name resolution; a container in another's network namespace has that one's. */
function names(spec: ContainerSpec, networking: Networking): HostConfig {
  if (networking.kind === 'shared') return {};
  const resolvers = [...(networking.kind === 'attached' ? networking.dns : []), ...(spec.dns?.nameservers ?? [])];
  return present({
    Dns: resolvers.length === 0 ? undefined : resolvers,
    DnsSearch: spec.dns?.search?.slice(),
    DnsOptions: spec.dns?.options?.slice(),
    ExtraHosts: spec.hosts?.slice(),
  });
}

type LogConfig = NonNullable<HostConfig['LogConfig']>;

function logConfig({ spec, task }: RequestContext): LogConfig | undefined {
  const logging = spec.logging ?? task.assigned.spec.logging;
  if (logging === undefined) return undefined;
  return present({
    // The specification lists the built-in drivers only; plugins have names of their own.
    Type: logging.driver as NonNullable<LogConfig['Type']> | undefined,
    Config: logging.options === undefined ? undefined : { ...logging.options },
  });
}

/** An empty set where there is none: engines show null to clients otherwise, which expect an object. */
function portBindings({ task }: RequestContext): NonNullable<HostConfig['PortBindings']> {
  const bindings: NonNullable<HostConfig['PortBindings']> = {};
  for (const { target, protocol, published, range, hostAddress = '' } of task.assigned.hostPorts ?? []) {
    // Of a range the engine takes one that is free.
    const numbers = published ?? (range === undefined ? '' : `${range.first}-${range.last}`);
    (bindings[`${target}/${protocol}`] ??= [])?.push({ HostIp: hostAddress, HostPort: String(numbers) });
  }
  return bindings;
}
