import * as z from 'zod';
import { bytes, labels, milliseconds, transport } from './common.ts';
import { configId, secretId } from './ids.ts';
import type { DeepReadonly } from './object.ts';

const text = z.string().max(131_072);
const texts = z.array(text).max(4096);

/** `test` is Docker's: `[]` inherit, `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`. */
export const healthcheck = z.object({
  test: texts.optional(),
  intervalMs: milliseconds.optional(),
  timeoutMs: milliseconds.optional(),
  retries: z.number().int().min(0).optional(),
  startPeriodMs: milliseconds.optional(),
  startIntervalMs: milliseconds.optional(),
});

/** One of Docker's mounts; `npipe` and `cluster` are refused when a service is made. */
export const mount = z.object({
  type: z.enum(['bind', 'volume', 'tmpfs', 'image']),
  source: text.optional(),
  target: text,
  readOnly: z.boolean().optional(),
  consistency: z.string().optional(),
  bind: z
    .object({
      propagation: z.string().optional(),
      createHostPath: z.boolean().optional(),
      nonRecursive: z.boolean().optional(),
      readOnlyNonRecursive: z.boolean().optional(),
      readOnlyForceRecursive: z.boolean().optional(),
      selinux: z.string().optional(),
    })
    .optional(),
  volume: z
    .object({
      noCopy: z.boolean().optional(),
      subpath: z.string().optional(),
      labels: labels.optional(),
      driver: z
        .object({ name: z.string().optional(), options: z.record(z.string(), z.string()).optional() })
        .optional(),
    })
    .optional(),
  tmpfs: z
    .object({
      sizeBytes: bytes.optional(),
      mode: z.number().int().optional(),
      /** Each option is `[name]` or `[name, value]`, as Docker has them. */
      options: z.array(z.array(z.string()).min(1).max(2)).optional(),
    })
    .optional(),
  image: z.object({ subpath: z.string().optional() }).optional(),
});

const fileTarget = {
  /** Absolute path in the container; a bare name is below `/run/secrets` for secrets and `/` for configs. */
  target: z.string().max(4096),
  uid: z.string().max(64).optional(),
  gid: z.string().max(64).optional(),
  /** File mode bits; 0o444 when not given. */
  mode: z.number().int().min(0).max(0o7777).optional(),
};
export const secretReference = z.object({ secretId, secretName: z.string(), ...fileTarget });
export const configReference = z.object({ configId, configName: z.string(), ...fileTarget });

export const ulimit = z.object({ name: z.string(), soft: z.number().int(), hard: z.number().int() });
export const device = z.object({ hostPath: z.string(), containerPath: z.string(), permissions: z.string().optional() });
export const deviceRequest = z.object({
  driver: z.string().optional(),
  count: z.number().int().optional(),
  deviceIds: z.array(z.string()).optional(),
  capabilities: z.array(z.array(z.string())).optional(),
  options: z.record(z.string(), z.string()).optional(),
});
export const logging = z.object({
  driver: z.string().optional(),
  options: z.record(z.string(), z.string()).optional(),
});

/** A named resource that is not cpu or memory: a count (`discrete`) or one of a set (`named`). */
export const genericResource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('discrete'), name: z.string(), value: z.number().int().min(0) }),
  z.object({ kind: z.literal('named'), name: z.string(), value: z.string() }),
]);
export type GenericResource = DeepReadonly<z.infer<typeof genericResource>>;

export const resources = z.object({
  limits: z
    .object({
      /** Billionths of a core. */
      nanoCpus: z.number().int().min(0).optional(),
      memoryBytes: bytes.optional(),
      pids: z.number().int().optional(),
    })
    .optional(),
  reservations: z
    .object({
      nanoCpus: z.number().int().min(0).optional(),
      memoryBytes: bytes.optional(),
      generic: z.array(genericResource).max(256).optional(),
      devices: z.array(deviceRequest).max(256).optional(),
    })
    .optional(),
  swapBytes: z.number().int().optional(),
  swappiness: z.number().int().min(-1).max(100).optional(),
});

/** Limits of the kernel's block device controller; rates are bytes or operations per second. */
export const blockIo = z.object({
  weight: z.number().int().optional(),
  weightDevice: z.array(z.object({ path: z.string(), weight: z.number().int() })).optional(),
  readBps: z.array(z.object({ path: z.string(), rate: z.number() })).optional(),
  writeBps: z.array(z.object({ path: z.string(), rate: z.number() })).optional(),
  readIops: z.array(z.object({ path: z.string(), rate: z.number() })).optional(),
  writeIops: z.array(z.object({ path: z.string(), rate: z.number() })).optional(),
});

/** One container of a task's pod. An absent field means the image's or the engine's default. */
export const containerSpec = z.object({
  /** Unique in the pod; `main` where a dialect has one container per task. */
  name: z.string().max(255),
  image: z.string().min(1).max(4096),
  pullPolicy: z.enum(['missing', 'always', 'never']).optional(),
  /** Replaces the image's ENTRYPOINT (Swarm's `Command`). */
  entrypoint: texts.optional(),
  /** Replaces the image's CMD (Swarm's `Args`). */
  command: texts.optional(),
  /** `NAME=value`, or `NAME` to unset what the image sets. */
  env: texts.optional(),
  workingDir: text.optional(),
  user: text.optional(),
  groups: z.array(z.string()).optional(),
  hostname: z.string().max(255).optional(),
  domainname: z.string().max(255).optional(),
  tty: z.boolean().optional(),
  openStdin: z.boolean().optional(),
  readOnly: z.boolean().optional(),
  init: z.boolean().optional(),
  privileged: z.boolean().optional(),
  stopSignal: z.string().max(64).optional(),
  stopGraceMs: milliseconds.optional(),
  healthcheck: healthcheck.optional(),
  mounts: z.array(mount).max(1024).optional(),
  secrets: z.array(secretReference).max(1024).optional(),
  configs: z.array(configReference).max(1024).optional(),
  ulimits: z.array(ulimit).max(64).optional(),
  capAdd: z.array(z.string()).optional(),
  capDrop: z.array(z.string()).optional(),
  devices: z.array(device).optional(),
  deviceCgroupRules: z.array(z.string()).optional(),
  sysctls: z.record(z.string(), z.string()).optional(),
  /** `name:address`, as `--add-host` takes them. */
  hosts: z.array(z.string()).optional(),
  dns: z
    .object({
      nameservers: z.array(z.string()).optional(),
      search: z.array(z.string()).optional(),
      options: z.array(z.string()).optional(),
    })
    .optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
  logging: logging.optional(),
  resources: resources.optional(),
  securityOpt: z.array(z.string()).optional(),
  seccomp: z.object({ mode: z.string(), profile: z.string().optional() }).optional(),
  noNewPrivileges: z.boolean().optional(),
  shmSizeBytes: bytes.optional(),
  pidMode: z.string().optional(),
  ipcMode: z.string().optional(),
  utsMode: z.string().optional(),
  usernsMode: z.string().optional(),
  cgroupnsMode: z.string().optional(),
  cgroupParent: z.string().optional(),
  cpuset: z.string().optional(),
  cpuShares: z.number().int().optional(),
  cpuRealtimePeriod: z.number().int().optional(),
  cpuRealtimeRuntime: z.number().int().optional(),
  blockIo: blockIo.optional(),
  oomScoreAdj: z.number().int().min(-1000).max(1000).optional(),
  oomKillDisable: z.boolean().optional(),
  runtime: z.string().optional(),
  storageOptions: z.record(z.string(), z.string()).optional(),
  isolation: z.string().optional(),
  macAddress: z.string().optional(),
  expose: z.array(z.object({ protocol: transport, port: z.number().int() })).optional(),
});

export type Healthcheck = DeepReadonly<z.infer<typeof healthcheck>>;
export type Mount = DeepReadonly<z.infer<typeof mount>>;
export type SecretReference = DeepReadonly<z.infer<typeof secretReference>>;
export type ConfigReference = DeepReadonly<z.infer<typeof configReference>>;
export type Resources = DeepReadonly<z.infer<typeof resources>>;
export type ContainerSpec = DeepReadonly<z.infer<typeof containerSpec>>;
