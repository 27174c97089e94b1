import * as z from 'zod';
import type { Healthcheck } from '../../../model/container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count, nanoseconds, texts } from './schema.ts';
import { given, sparse } from './sparse.ts';
import { millisOf, nanosOf } from './time.ts';

export const healthcheckSchema = z.strictObject({
  Test: texts.optional(),
  Interval: nanoseconds.optional(),
  Timeout: nanoseconds.optional(),
  Retries: count.optional(),
  StartPeriod: nanoseconds.optional(),
  StartInterval: nanoseconds.optional(),
});

export const healthcheckFrom = (health: z.infer<typeof healthcheckSchema>): Healthcheck =>
  sparse({
    test: health.Test,
    intervalMs: given(health.Interval, millisOf),
    timeoutMs: given(health.Timeout, millisOf),
    retries: health.Retries,
    startPeriodMs: given(health.StartPeriod, millisOf),
    startIntervalMs: given(health.StartInterval, millisOf),
  });

export const healthcheckTo = (health: Healthcheck): Definitions['HealthConfig'] =>
  sparse({
    Test: health.test?.slice(),
    Interval: given(health.intervalMs, nanosOf),
    Timeout: given(health.timeoutMs, nanosOf),
    Retries: health.retries,
    StartPeriod: given(health.startPeriodMs, nanosOf),
    StartInterval: given(health.startIntervalMs, nanosOf),
  });
