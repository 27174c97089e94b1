import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { ServiceMode } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count } from './schema.ts';
import { sparse } from './sparse.ts';

export const modeSchema = z.strictObject({
  Replicated: z.strictObject({ Replicas: count.optional() }).optional(),
  Global: z.strictObject({}).optional(),
  ReplicatedJob: z.strictObject({ MaxConcurrent: count.optional(), TotalCompletions: count.optional() }).optional(),
  GlobalJob: z.strictObject({}).optional(),
});
type DockerMode = z.infer<typeof modeSchema>;

/** One replica where nothing is said, as in Swarm. */
export const modeFrom = (mode: DockerMode): ServiceMode => {
  if (Object.values(mode).filter((part) => part !== undefined).length > 1) {
    throw new TuttiError('invalid-argument', 'Mode: must specify only one service mode');
  }
  if (mode.Global !== undefined) return { kind: 'global' };
  if (mode.GlobalJob !== undefined) return { kind: 'global-job' };
  if (mode.ReplicatedJob !== undefined) {
    const job = mode.ReplicatedJob;
    return sparse({
      kind: 'replicated-job' as const,
      maxConcurrent: job.MaxConcurrent,
      totalCompletions: job.TotalCompletions,
    });
  }
  return { kind: 'replicated', replicas: mode.Replicated?.Replicas ?? 1 };
};

/**
 * `MaxConcurrent` and `TotalCompletions` are always there: clients read both without a look whether they are set.
 */
export const modeTo = (mode: ServiceMode): NonNullable<Definitions['ServiceSpec']['Mode']> => {
  switch (mode.kind) {
    case 'replicated':
      return { Replicated: { Replicas: mode.replicas } };
    case 'global':
      return { Global: {} };
    case 'replicated-job': {
      const concurrent = mode.maxConcurrent ?? 1;
      return { ReplicatedJob: { MaxConcurrent: concurrent, TotalCompletions: mode.totalCompletions ?? concurrent } };
    }
    case 'global-job':
      return { GlobalJob: {} };
  }
};
