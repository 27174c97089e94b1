import { doorPorts } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import { certificateFault } from '../../rpc/certificates/pair.ts';
import { acmeTls } from '../../model/route.ts';
import type { View } from '../../store/store.ts';
import { resolveExactly } from '../references.ts';
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

/** Throws `not-found` or `invalid-argument` where the secret is none, or has no certificate with its key. */
export const checkCertificate = (view: View, name: string): void => {
  if (name === acmeTls) return;
  const secret = resolveExactly(view, 'secret', name);
  const fault = certificateFault(Buffer.from(secret.spec.data, 'base64').toString('utf8'));
  if (fault !== undefined) throw new TuttiError('invalid-argument', `secret ${name} cannot serve TLS: ${fault}`);
};

/** Throws `conflict` where a service publishes a port of the front door: it would get the requests. */
export const checkDoorPorts = (view: View, forWhat: string): void => {
  const ports = portsOfDoor(view);
  for (const { spec, ports: published } of view.list('service')) {
    const taken = published.find(({ protocol, published: port }) => protocol === 'tcp' && ports.includes(port));
    if (taken === undefined) continue;
    throw new TuttiError(
      'conflict',
      `${forWhat} needs the front door, and port ${taken.published} of it is published by service ${spec.name}: publish another one, or move the door with "tutti door"`,
    );
  }
};
