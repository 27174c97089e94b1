import * as z from 'zod';
import type { CallOptions, EngineCalls } from './calls.ts';

/** What the engine says of itself and its machine. */
export interface EngineInfo {
  readonly hostname: string;
  readonly os: string;
  /** As Go names it: amd64, arm64, … */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly engineVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly plugins: readonly { readonly type: string; readonly name: string }[];
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly storageDriver: string;
  readonly rootDirectory?: string;
  /** `discrete` and `named` resources that the engine was configured with (`node-generic-resources`). */
  readonly genericResources: readonly (
    | { readonly kind: 'discrete'; readonly name: string; readonly value: number }
    | { readonly kind: 'named'; readonly name: string; readonly value: string }
  )[];
}

const deadlineMs = 15_000;
/** It is answered without a lock or a look at anything: an engine that takes longer hangs. */
const pingDeadlineMs = 2_000;

const named = z.object({ Kind: z.string(), Value: z.string() });
const discrete = z.object({ Kind: z.string(), Value: z.number() });
const info = z.object({
  Name: z.string(),
  OSType: z.string(),
  Architecture: z.string(),
  NCPU: z.number(),
  MemTotal: z.number(),
  ServerVersion: z.string(),
  Labels: z.array(z.string()).nullish(),
  OperatingSystem: z.string().default(''),
  KernelVersion: z.string().default(''),
  Driver: z.string().default(''),
  DockerRootDir: z.string().max(4096).optional(),
  Plugins: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
  GenericResources: z
    .array(z.object({ NamedResourceSpec: named.optional(), DiscreteResourceSpec: discrete.optional() }))
    .nullish(),
});

/** uname's words for what Go, images and Swarm constraints call otherwise. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  i686: '386',
};

export function systemOperations(calls: EngineCalls) {
  return {
    /** A sign of life. Throws `unavailable` or, after two seconds, `deadline-exceeded`. */
    async ping(options: CallOptions = {}): Promise<void> {
      const within = { deadlineMs: pingDeadlineMs, ...options };
      await calls.json({ method: 'HEAD', path: '/_ping', deadlineMs: pingDeadlineMs }, within);
    },
    async info(options: CallOptions = {}): Promise<EngineInfo> {
      const answer = info.parse((await calls.json({ method: 'GET', path: '/info', deadlineMs }, options)).value);
      return {
        hostname: answer.Name,
        os: answer.OSType,
        architecture: architectures[answer.Architecture] ?? answer.Architecture,
        cpus: answer.NCPU,
        memoryBytes: answer.MemTotal,
        engineVersion: answer.ServerVersion,
        labels: Object.fromEntries((answer.Labels ?? []).map(splitLabel)),
        plugins: Object.entries(answer.Plugins ?? {}).flatMap(([type, names]) =>
          (names ?? []).map((name) => ({ type, name })),
        ),
        operatingSystem: answer.OperatingSystem,
        kernelVersion: answer.KernelVersion,
        storageDriver: answer.Driver,
        ...(answer.DockerRootDir !== undefined && { rootDirectory: answer.DockerRootDir }),
        genericResources: (answer.GenericResources ?? []).flatMap(genericResource),
      };
    },
  };
}

function splitLabel(label: string): [string, string] {
  const at = label.indexOf('=');
  return at === -1 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)];
}

type Generic = NonNullable<z.infer<typeof info>['GenericResources']>[number];

function genericResource(resource: Generic): EngineInfo['genericResources'][number][] {
  const { NamedResourceSpec: name, DiscreteResourceSpec: count } = resource;
  if (name !== undefined) return [{ kind: 'named', name: name.Kind, value: name.Value }];
  return count === undefined ? [] : [{ kind: 'discrete', name: count.Kind, value: count.Value }];
}
