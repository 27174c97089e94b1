import type { Labels } from '../../model/object.ts';
import { stackLabel } from '../../model/stack.ts';

/** The file's labels with the docker CLI's own, by which `docker stack` finds what belongs together. */
export function stackLabels(stack: string, labels: Labels | undefined, more: Labels = {}): Record<string, string> {
  return { ...labels, ...more, [stackLabel]: stack };
}
