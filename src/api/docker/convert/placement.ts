import * as z from 'zod';
import type { Placement } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count, text, texts } from './schema.ts';
import { given, listOf, sparse } from './sparse.ts';

export const placementSchema = z.strictObject({
  Constraints: texts.optional(),
  Preferences: z
    .array(z.strictObject({ Spread: z.strictObject({ SpreadDescriptor: text }) }))
    .max(16)
    .optional(),
  MaxReplicas: count.optional(),
  Platforms: z
    .array(z.strictObject({ Architecture: z.string().optional(), OS: z.string().optional() }))
    .max(64)
    .optional(),
});

export const placementFrom = (placement: z.infer<typeof placementSchema>): Placement =>
  sparse({
    constraints: placement.Constraints,
    preferences: placement.Preferences?.map((preference) => ({ spread: preference.Spread.SpreadDescriptor })),
    maxReplicasPerNode: placement.MaxReplicas,
    platforms: placement.Platforms?.map((platform) => sparse({ os: platform.OS, architecture: platform.Architecture })),
  });

export const placementTo = (placement: Placement): NonNullable<Definitions['TaskSpec']['Placement']> =>
  sparse({
    Constraints: given(placement.constraints, listOf),
    Preferences: placement.preferences?.map((preference) => ({ Spread: { SpreadDescriptor: preference.spread } })),
    MaxReplicas: placement.maxReplicasPerNode,
    Platforms: placement.platforms?.map((platform) => sparse({ OS: platform.os, Architecture: platform.architecture })),
  });
