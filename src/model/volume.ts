import * as z from 'zod';
import { labels } from './common.ts';
import type { NodeId, VolumeId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

export const volumeSpec = z.object({
  name: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'letters, digits, "_", "." and "-" only, two at least'),
  driver: z.string().min(1).max(255),
  options: z.record(z.string().max(255), z.string().max(65_536)).optional(),
  labels: labels.optional(),
});
export type VolumeSpec = DeepReadonly<z.infer<typeof volumeSpec>>;

/** A named volume that was made, or first mounted, through the cluster. Its data are its engine's business. */
export interface Volume extends Stored<VolumeId> {
  readonly spec: VolumeSpec;
  /** Where it is. Absent: promised; the node of the first container that mounts it makes it (ADR 28). */
  readonly nodeId?: NodeId;
}
