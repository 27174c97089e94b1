import type { ContainerSpec } from '../../src/model/container.ts';
import { isJob } from '../../src/model/service.ts';
import type { ServiceSpec, UpdatePolicy } from '../../src/model/service.ts';
import { images, missingImage } from './node.ts';
import type { Prng } from './prng.ts';

/** What there is for a new service to refer to. */
export interface Surroundings {
  /** Ids of networks. */
  readonly networks: readonly string[];
  readonly secrets: readonly { readonly id: string; readonly name: string }[];
  /** Names of services. */
  readonly services: readonly string[];
}

type Maker = (spec: ServiceSpec, random: Prng, around: Surroundings) => ServiceSpec;

/** A service as users make them: a mode and a container, and by chance each of the other things that there are. */
export function anyService(name: string, around: Surroundings, random: Prng): ServiceSpec {
  let spec: ServiceSpec = {
    name,
    mode: anyMode(random),
    task: { containers: [{ name: 'main', image: random.pick(images) }] },
  };
  if (isJob(spec)) spec = withCommand(spec, `sleep ${random.between(0, 3)}; exit ${random.chance(0.2) ? 1 : 0}`);
  else if (random.chance(0.15)) spec = withCommand(spec, `sleep ${random.between(1, 8)}; exit ${random.pick([0, 1])}`);
  for (const [chance, make] of extras) if (random.chance(chance)) spec = make(spec, random, around);
  return spec;
}

/** True where the containers end by themselves, or cannot even be made: such a service never comes to rest. */
export const isRestless = ({ task, mode }: ServiceSpec): boolean =>
  task.containers.some(({ image, command }) => {
    if (image === missingImage) return true;
    return command !== undefined && (isJob({ mode }) ? (command[2] ?? '').endsWith('exit 1') : true);
  });

function anyMode(random: Prng): ServiceSpec['mode'] {
  const draw = random.number();
  if (draw < 0.7) return { kind: 'replicated', replicas: random.between(0, 6) };
  if (draw < 0.87) return { kind: 'global' };
  if (draw < 0.95)
    return { kind: 'replicated-job', totalCompletions: random.between(1, 5), maxConcurrent: random.between(1, 3) };
  return { kind: 'global-job' };
}

const first = (spec: ServiceSpec, change: Partial<ContainerSpec>): ServiceSpec => {
  const [main, ...others] = spec.task.containers;
  if (main === undefined) return spec;
  return { ...spec, task: { ...spec.task, containers: [{ ...main, ...change }, ...others] } };
};

const withCommand = (spec: ServiceSpec, script: string): ServiceSpec => first(spec, { command: ['sh', '-c', script] });

const policy = (random: Prng): UpdatePolicy => ({
  parallelism: random.pick([0, 1, 2]),
  order: random.pick(['start-first', 'stop-first']),
  failureAction: random.pick(['pause', 'continue', 'rollback']),
  ...(random.chance(0.5) ? { monitorMs: random.pick([0, 1000, 3000]) } : {}),
  ...(random.chance(0.3) ? { delayMs: random.pick([500, 1500]) } : {}),
});

const extras: readonly (readonly [chance: number, make: Maker])[] = [
  [0.3, (spec) => first(spec, { healthcheck: { test: ['CMD', 'true'] } })],
  [
    0.3,
    (spec, random) =>
      first(spec, { resources: { reservations: { memoryBytes: random.between(1, 8) * 64 * 2 ** 20 } } }),
  ],
  [
    0.2,
    (spec, random) => {
      const side = {
        name: 'side',
        image: random.pick(images),
        ...(isJob(spec) ? { command: ['sh', '-c', 'sleep 1'] } : {}),
      };
      return { ...spec, task: { ...spec.task, containers: [...spec.task.containers.slice(0, 1), side] } };
    },
  ],
  [
    0.5,
    (spec, random, { networks }) => {
      if (networks.length === 0) return spec;
      const chosen = networks.filter(() => random.chance(0.6));
      return {
        ...spec,
        task: { ...spec.task, networks: chosen.map((networkId) => ({ networkId: networkId as never })) },
      };
    },
  ],
  [
    0.3,
    (spec, random, { secrets }) => {
      if (secrets.length === 0) return spec;
      const { id, name } = random.pick(secrets);
      return first(spec, { secrets: [{ secretId: id as never, secretName: name, target: 'secret' }] });
    },
  ],
  [
    0.4,
    (spec, random) => {
      const published = random.chance(0.5) ? { published: random.between(8000, 8003) } : {};
      const port = random.chance(0.3)
        ? ({ protocol: 'tcp', target: 80, mode: 'host', published: random.between(9000, 9002) } as const)
        : ({ protocol: 'tcp', target: 80, mode: 'ingress', ...published } as const);
      return { ...spec, endpoint: { ...spec.endpoint, ports: [port] } };
    },
  ],
  [
    0.15,
    (spec, random) => ({ ...spec, task: { ...spec.task, placement: { maxReplicasPerNode: random.between(1, 2) } } }),
  ],
  [0.2, (spec, random) => ({ ...spec, endpoint: { ...spec.endpoint, mode: random.pick(['vip', 'dnsrr'] as const) } })],
  [0.5, (spec, random) => ({ ...spec, update: policy(random), rollback: policy(random) })],
  [
    0.2,
    (spec, random, { services }) => {
      if (services.length === 0) return spec;
      const condition = random.pick(['started', 'healthy'] as const);
      return { ...spec, dependsOn: [{ service: random.pick(services), condition }] };
    },
  ],
];

/** The same service, changed in one way. */
export function changed(spec: ServiceSpec, around: Surroundings, random: Prng): ServiceSpec {
  if (spec.mode.kind === 'replicated' && random.chance(0.5))
    return { ...spec, mode: { kind: 'replicated', replicas: random.between(0, 8) } };
  const draw = random.number();
  if (draw < 0.35) return first(spec, { env: [`CHANGE=${random.below(1000)}`] });
  if (draw < 0.65) return first(spec, { image: random.chance(0.25) ? missingImage : random.pick(images) });
  const [, make] = random.pick(extras);
  return make(spec, random, around);
}
