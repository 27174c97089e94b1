import * as z from 'zod';
import type { DeepReadonly } from './object.ts';
import { networkSpec } from './network.ts';
import { configSpec, secretSpec } from './secret.ts';
import { serviceSpec } from './service.ts';

/** The label, the docker CLI's own, that says which stack an object belongs to. */
export const stackLabel = 'com.docker.stack.namespace';

/**
 * Everything that a stack consists of. All names are full (`<stack>_<name>`). Where ids stand in specs
 * (networks of tasks, secrets and configs of containers) a stack has **names**: the manager resolves them.
 */
export const stackSpec = z.object({
  name: z.string().min(1).max(255),
  services: z.array(serviceSpec).max(10_000),
  networks: z.array(networkSpec).max(10_000),
  secrets: z.array(secretSpec).max(10_000),
  configs: z.array(configSpec).max(10_000),
  /** Names of objects that must be there already. */
  external: z
    .object({
      networks: z.array(z.string()).optional(),
      secrets: z.array(z.string()).optional(),
      configs: z.array(z.string()).optional(),
    })
    .optional(),
});
export type StackSpec = DeepReadonly<z.infer<typeof stackSpec>>;
