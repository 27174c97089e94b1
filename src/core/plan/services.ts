import type { Service, ServiceSpec } from '../../model/service.ts';
import type { PlanAction } from './action.ts';
import { differences } from './difference.ts';

/** The docker CLI's label with the image as the file has it, while the specification may have it with its digest. */
const imageLabel = 'com.docker.stack.image';

/** @param named Turns a stored specification into the one with names. */
export function planService(
  desired: ServiceSpec,
  existing: Service | undefined,
  named: (spec: ServiceSpec) => ServiceSpec,
): PlanAction {
  const { name } = desired;
  if (existing === undefined) return { kind: 'create', object: 'service', name, spec: desired };
  const spec = keepChoices(desired, existing.spec);
  const changes = differences(named(existing.spec), spec);
  return changes.length === 0
    ? { kind: 'unchanged', object: 'service', name, id: existing.id }
    : { kind: 'update', object: 'service', name, id: existing.id, spec, changes };
}

/** What no file says stays as it is: forced updates, credentials, and the digest behind an unchanged image name. */
function keepChoices(desired: ServiceSpec, existing: ServiceSpec): ServiceSpec {
  const { forceUpdate, pullCredentials } = existing.task;
  const sameImage =
    desired.labels?.[imageLabel] !== undefined && desired.labels[imageLabel] === existing.labels?.[imageLabel];
  const [first, ...others] = desired.task.containers;
  const running = existing.task.containers[0];
  const pinned = sameImage && first !== undefined && running !== undefined && others.length === 0;
  return {
    ...desired,
    task: {
      ...(forceUpdate === undefined ? {} : { forceUpdate }),
      ...(pullCredentials === undefined ? {} : { pullCredentials }),
      ...desired.task,
      ...(pinned ? { containers: [{ ...first, image: running.image }] } : {}),
    },
  };
}
