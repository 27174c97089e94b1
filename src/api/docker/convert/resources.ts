import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { GenericResource, Resources } from '../../../model/container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count, integer } from './schema.ts';
import { given, sparse } from './sparse.ts';

const genericSchema = z.strictObject({
  NamedResourceSpec: z.strictObject({ Kind: z.string(), Value: z.string() }).optional(),
  DiscreteResourceSpec: z.strictObject({ Kind: z.string(), Value: count.default(0) }).optional(),
});

/** `SwapBytes` and `MemorySwappiness` are of API 1.52; clients that know them set them. */
export const resourcesSchema = z.strictObject({
  Limits: z
    .strictObject({ NanoCPUs: count.optional(), MemoryBytes: count.optional(), Pids: integer.optional() })
    .optional(),
  Reservations: z
    .strictObject({
      NanoCPUs: count.optional(),
      MemoryBytes: count.optional(),
      GenericResources: z.array(genericSchema).max(256).optional(),
    })
    .optional(),
  SwapBytes: integer.optional(),
  MemorySwappiness: z.number().int().min(-1).max(100).optional(),
});
type DockerResources = NonNullable<Definitions['TaskSpec']['Resources']> & {
  SwapBytes?: number;
  MemorySwappiness?: number;
};

const genericFrom = (resource: z.infer<typeof genericSchema>): GenericResource => {
  const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } = resource;
  if (named !== undefined) return { kind: 'named', name: named.Kind, value: named.Value };
  if (discrete !== undefined) return { kind: 'discrete', name: discrete.Kind, value: discrete.Value };
  throw new TuttiError('invalid-argument', 'a generic resource is either named or discrete; one is neither');
};

const genericTo = (resource: GenericResource): Definitions['GenericResources'][number] =>
  resource.kind === 'named'
    ? { NamedResourceSpec: { Kind: resource.name, Value: resource.value } }
    : { DiscreteResourceSpec: { Kind: resource.name, Value: resource.value } };

export const genericsTo = (resources: readonly GenericResource[]): Definitions['GenericResources'] =>
  resources.map(genericTo);

export const resourcesFrom = (resources: z.infer<typeof resourcesSchema>): Resources =>
  sparse({
    limits: given(resources.Limits, (limits) =>
      sparse({ nanoCpus: limits.NanoCPUs, memoryBytes: limits.MemoryBytes, pids: limits.Pids }),
    ),
    reservations: given(resources.Reservations, (reserved) =>
      sparse({
        nanoCpus: reserved.NanoCPUs,
        memoryBytes: reserved.MemoryBytes,
        generic: reserved.GenericResources?.map(genericFrom),
      }),
    ),
    swapBytes: resources.SwapBytes,
    swappiness: resources.MemorySwappiness,
  });

/** Device requests have no place in Docker's services; an update keeps them (see carry.ts). */
export const resourcesTo = (resources: Resources): DockerResources =>
  sparse({
    Limits: given(resources.limits, (limits) =>
      sparse({ NanoCPUs: limits.nanoCpus, MemoryBytes: limits.memoryBytes, Pids: limits.pids }),
    ),
    Reservations: given(resources.reservations, (reserved) =>
      sparse({
        NanoCPUs: reserved.nanoCpus,
        MemoryBytes: reserved.memoryBytes,
        GenericResources: given(reserved.generic, genericsTo),
      }),
    ),
    SwapBytes: resources.swapBytes,
    MemorySwappiness: resources.swappiness,
  });
