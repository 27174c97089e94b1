import * as z from 'zod';
import type { UpdatePolicy } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count, nanoseconds } from './schema.ts';
import { given, sparse } from './sparse.ts';
import { millisOf, nanosOf } from './time.ts';

export const updatePolicySchema = z.strictObject({
  Parallelism: count.optional(),
  Delay: nanoseconds.optional(),
  FailureAction: z.enum(['', 'pause', 'continue', 'rollback']).optional(),
  Monitor: nanoseconds.optional(),
  MaxFailureRatio: z.number().min(0).max(1).optional(),
  Order: z.enum(['', 'stop-first', 'start-first']).optional(),
});

const unlessEmpty = <Text extends string>(text: Text | '' | undefined): Text | undefined =>
  text === '' ? undefined : text;

export const updatePolicyFrom = (policy: z.infer<typeof updatePolicySchema>): UpdatePolicy =>
  sparse({
    parallelism: policy.Parallelism,
    delayMs: given(policy.Delay, millisOf),
    failureAction: unlessEmpty<'pause' | 'continue' | 'rollback'>(policy.FailureAction),
    monitorMs: given(policy.Monitor, millisOf),
    maxFailureRatio: policy.MaxFailureRatio,
    order: unlessEmpty<'stop-first' | 'start-first'>(policy.Order),
  });

export const updatePolicyTo = (policy: UpdatePolicy): NonNullable<Definitions['ServiceSpec']['UpdateConfig']> =>
  sparse({
    /* Absent means 1 in the model and "all at once" (0) to Docker's clients. */
    Parallelism: policy.parallelism ?? 1,
    Delay: given(policy.delayMs, nanosOf),
    FailureAction: policy.failureAction,
    Monitor: given(policy.monitorMs, nanosOf),
    // Docker writes it always, and its clients read it without asking.
    MaxFailureRatio: policy.maxFailureRatio ?? 0,
    Order: policy.order,
  });
