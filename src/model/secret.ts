import * as z from 'zod';
import { labels, objectName } from './common.ts';
import type { ConfigId, SecretId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

const templating = z.object({ name: z.string(), options: z.record(z.string(), z.string()).optional() });

/** 500 kB of data at most, as in Swarm. */
export const secretSpec = z.object({
  name: objectName,
  labels: labels.optional(),
  /** Base64. */
  data: z.base64().max(683_000),
  templating: templating.optional(),
});
/** 1,000 kB of data at most, as in Swarm. */
export const configSpec = z.object({
  name: objectName,
  labels: labels.optional(),
  /** Base64. */
  data: z.base64().max(1_366_000),
  templating: templating.optional(),
});
export type SecretSpec = DeepReadonly<z.infer<typeof secretSpec>>;
export type ConfigSpec = DeepReadonly<z.infer<typeof configSpec>>;

export interface Secret extends Stored<SecretId> {
  readonly spec: SecretSpec;
}
export interface Config extends Stored<ConfigId> {
  readonly spec: ConfigSpec;
}
