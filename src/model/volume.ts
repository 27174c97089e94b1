import * as z from 'zod';
import { labels } from './common.ts';
import type { NodeId, VolumeId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

export const volumeSpec = z.object({
  name: z
    .string()
    .min(2, 'volume name is too short, names should be at least two alphanumeric characters')
    .max(255)
    .regex(
      /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/,
      'the name includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ),
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
