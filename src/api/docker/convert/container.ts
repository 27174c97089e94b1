import * as z from 'zod';
import type { ContainerSpec } from '../../../model/container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import {
  configReferenceFrom,
  configReferenceSchema,
  configReferenceTo,
  secretReferenceFrom,
  secretReferenceSchema,
  secretReferenceTo,
} from './file-target.ts';
import { hostsFrom, hostsTo } from './hosts.ts';
import { healthcheckFrom, healthcheckSchema, healthcheckTo } from './healthcheck.ts';
import { mountFrom, mountSchema, mountTo } from './mount.ts';
import { privilegesFrom, privilegesSchema, privilegesTo } from './privileges.ts';
import { integer, nanoseconds, text, textMap, texts } from './schema.ts';
import { given, listOf, sparse } from './sparse.ts';
import { millisOf, nanosOf } from './time.ts';

export const containerSchema = z.strictObject({
  Image: z.string({ error: 'ContainerSpec: image reference must be provided' }).min(1),
  Labels: textMap.optional(),
  Command: texts.optional(),
  Args: texts.optional(),
  Hostname: text.optional(),
  Env: texts.optional(),
  Dir: text.optional(),
  User: text.optional(),
  Groups: texts.optional(),
  Privileges: privilegesSchema.optional(),
  TTY: z.boolean().optional(),
  OpenStdin: z.boolean().optional(),
  ReadOnly: z.boolean().optional(),
  Mounts: z.array(mountSchema).max(1024).optional(),
  StopSignal: text.optional(),
  StopGracePeriod: nanoseconds.optional(),
  Healthcheck: healthcheckSchema.optional(),
  /** The specification's own spelling; engines and clients use `Healthcheck`. */
  HealthCheck: healthcheckSchema.optional(),
  Hosts: texts.optional(),
  DNSConfig: z
    .strictObject({ Nameservers: texts.optional(), Search: texts.optional(), Options: texts.optional() })
    .optional(),
  Secrets: z.array(secretReferenceSchema).max(1024).optional(),
  OomScoreAdj: integer.optional(),
  Configs: z.array(configReferenceSchema).max(1024).optional(),
  Isolation: z.string().optional(),
  Init: z.boolean().optional(),
  Sysctls: textMap.optional(),
  CapabilityAdd: texts.optional(),
  CapabilityDrop: texts.optional(),
  Ulimits: z
    .array(z.strictObject({ Name: z.string(), Soft: integer.default(0), Hard: integer.default(0) }))
    .max(64)
    .optional(),
});
export type DockerContainer = z.infer<typeof containerSchema>;

type Defined = NonNullable<Definitions['TaskSpec']['ContainerSpec']>;

/** As clients know it: the health check under the name that Docker really uses. */
export type ContainerOut = Omit<Defined, 'HealthCheck'> & { Healthcheck?: Definitions['HealthConfig'] };

/** The one container of a Swarm task. */
export const mainContainer = 'main';

/** Everything except the resources and the log driver, which Swarm has beside the container. */
export const containerFrom = (container: DockerContainer): ContainerSpec =>
  sparse({
    name: mainContainer,
    image: container.Image,
    entrypoint: container.Command,
    command: container.Args,
    env: container.Env,
    workingDir: container.Dir,
    user: container.User,
    groups: container.Groups,
    hostname: container.Hostname,
    tty: container.TTY,
    openStdin: container.OpenStdin,
    readOnly: container.ReadOnly,
    init: container.Init,
    stopSignal: container.StopSignal,
    stopGraceMs: given(container.StopGracePeriod, millisOf),
    healthcheck: given(container.Healthcheck ?? container.HealthCheck, healthcheckFrom),
    mounts: container.Mounts?.map(mountFrom),
    secrets: container.Secrets?.map(secretReferenceFrom),
    configs: container.Configs?.map(configReferenceFrom),
    ulimits: container.Ulimits?.map((limit) => ({ name: limit.Name, soft: limit.Soft, hard: limit.Hard })),
    capAdd: container.CapabilityAdd,
    capDrop: container.CapabilityDrop,
    sysctls: container.Sysctls,
    hosts: given(container.Hosts, hostsFrom),
    dns: given(container.DNSConfig, (dns) =>
      sparse({ nameservers: dns.Nameservers, search: dns.Search, options: dns.Options }),
    ),
    labels: container.Labels,
    oomScoreAdj: container.OomScoreAdj,
    isolation: container.Isolation,
    ...given(container.Privileges, privilegesFrom),
  });

export const containerTo = (container: ContainerSpec): ContainerOut => ({
  ...processTo(container),
  ...filesTo(container),
  ...sparse({
    Healthcheck: given(container.healthcheck, healthcheckTo),
    Hosts: given(container.hosts, hostsTo),
    DNSConfig: given(container.dns, (dns) =>
      sparse({
        Nameservers: given(dns.nameservers, listOf),
        Search: given(dns.search, listOf),
        Options: given(dns.options, listOf),
      }),
    ),
    OomScoreAdj: container.oomScoreAdj,
    Isolation: container.isolation as Defined['Isolation'],
    Sysctls: container.sysctls,
    CapabilityAdd: given(container.capAdd, listOf),
    CapabilityDrop: given(container.capDrop, listOf),
    Ulimits: container.ulimits?.map((limit) => ({ Name: limit.name, Soft: limit.soft, Hard: limit.hard })),
    Privileges: privilegesTo(container),
  }),
});

const processTo = (container: ContainerSpec) =>
  sparse({
    Image: container.image,
    Labels: container.labels,
    Command: given(container.entrypoint, listOf),
    Args: given(container.command, listOf),
    Hostname: container.hostname,
    Env: given(container.env, listOf),
    Dir: container.workingDir,
    User: container.user,
    Groups: given(container.groups, listOf),
    TTY: container.tty,
    OpenStdin: container.openStdin,
    Init: container.init,
    StopSignal: container.stopSignal,
    StopGracePeriod: given(container.stopGraceMs, nanosOf),
  });

const filesTo = (container: ContainerSpec) =>
  sparse({
    ReadOnly: container.readOnly,
    Mounts: container.mounts?.map(mountTo),
    Secrets: container.secrets?.map(secretReferenceTo),
    Configs: container.configs?.map(configReferenceTo),
  });
