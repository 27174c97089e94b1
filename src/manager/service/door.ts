import { doorPorts } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import type { View } from '../../store/store.ts';
import { routeSources } from '../routes.ts';

/** The ports of the front door, where it is open or is about to be; none where no node runs it. */
export const portsOfDoor = (view: View): readonly number[] => {
  const [cluster] = view.list('cluster');
  if (cluster === undefined || cluster.spec.door?.enabled === false) return [];
  const { http, https } = doorPorts(cluster.spec);
  return [http, https];
};

/** Whether anything is routed. */
export const isDoorOpen = (view: View): boolean => routeSources(view).length > 0;

/** Throws `conflict` where a service publishes a port of the front door: it would get the requests. */
export const checkDoorPorts = (view: View, forWhat: string): void => {
  const ports = portsOfDoor(view);
  for (const { spec, ports: published } of view.list('service')) {
    const taken = published.find(({ protocol, published: port }) => protocol === 'tcp' && ports.includes(port));
    if (taken === undefined) continue;
    throw new TuttiError(
      'conflict',
      `${forWhat} needs the front door, and port ${taken.published} of it is published by service ${spec.name}: publish another one, or move the door with "tutti door set"`,
    );
  }
};
