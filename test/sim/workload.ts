import type { ServiceSpec } from '../../src/model/service.ts';
import { images } from './node.ts';
import type { Prng } from './prng.ts';

/** A service as users make them: some have an address, a published port, a limit per node, a reservation, a way to crash. */
export function anyService(name: string, networks: readonly string[], random: Prng): ServiceSpec {
  const crash = random.chance(0.15);
  const networkId = networks.length > 0 && random.chance(0.5) ? random.pick(networks) : undefined;
  return {
    name,
    mode: random.chance(0.2) ? { kind: 'global' } : { kind: 'replicated', replicas: random.between(0, 6) },
    task: {
      containers: [
        {
          name: 'main',
          image: random.pick(images),
          ...(crash ? { command: ['sh', '-c', `sleep ${random.between(1, 8)}; exit 1`] } : {}),
          ...(random.chance(0.3) ? { healthcheck: { test: ['CMD', 'true'] } } : {}),
          ...(random.chance(0.3)
            ? { resources: { reservations: { memoryBytes: random.between(1, 8) * 64 * 2 ** 20 } } }
            : {}),
        },
      ],
      ...(networkId === undefined ? {} : { networks: [{ networkId: networkId as never }] }),
    },
    ...(random.chance(0.3)
      ? {
          endpoint: {
            ports: [
              {
                protocol: 'tcp',
                target: 80,
                mode: 'ingress',
                ...(random.chance(0.5) ? { published: random.between(8000, 8003) } : {}),
              },
            ],
          },
        }
      : {}),
  };
}

/** The same service, changed in one way. */
export function changed(spec: ServiceSpec, random: Prng): ServiceSpec {
  if (spec.mode.kind === 'replicated' && random.chance(0.6))
    return { ...spec, mode: { kind: 'replicated', replicas: random.between(0, 8) } };
  const [container] = spec.task.containers;
  if (!container) return spec;
  return { ...spec, task: { ...spec.task, containers: [{ ...container, env: [`CHANGE=${random.below(1000)}`] }] } };
}
