import { allocatePorts } from '../../core/allocate/ports.ts';
import type { PortOwner, ReservedPort } from '../../core/allocate/ports.ts';
import { TuttiError } from '../../model/errors.ts';
import { parseHostPort } from '../../model/host-port.ts';
import { encryptionPort, overlayPort } from '../../model/network.ts';
import { withPortLabels } from '../../model/port-labels.ts';
import type { PublishedPort, Service } from '../../model/service.ts';
import { isDoorOpen, portsOfDoor } from './door.ts';
import { parseAddress } from '../../rpc/address.ts';
import type { View } from '../../store/store.ts';

/**
 * The service with the ports of its specification in force. Of a port that is taken, be it by the cluster itself: throws `conflict` with its owner, or
 * keeps the ports as they are. `held`: what else has ports on nodes; a port that the service has already stays its own.
 */
export const withPorts = (
  view: View,
  service: Service,
  held: readonly ReservedPort[] = [],
  whenTaken: 'throw' | 'keep' = 'throw',
): Service => {
  const wanted = withPortLabels(service.spec.endpoint?.ports ?? [], service.spec.labels);
  if (wanted.length === 0) return { ...service, ports: [] };
  const reserved = [...ownPorts(view), ...held.filter((one) => !isInForce(service, one))];
  const allocation = allocatePorts(wanted, others(view, service.id), service.ports, reserved);
  if (allocation.kind === 'allocated') return { ...service, ports: allocation.value };
  if (whenTaken === 'keep') return service;
  throw new TuttiError('conflict', `service ${service.spec.name}: ${allocation.reason}`);
};

const isInForce = ({ ports }: Service, { protocol, port }: ReservedPort): boolean =>
  ports.some((one) => one.mode === 'ingress' && one.protocol === protocol && one.published === port);

function* others(view: View, serviceId: string): Iterable<PortOwner> {
  for (const { id, spec, ports } of view.list('service')) {
    if (id !== serviceId) yield { id, name: spec.name, ports };
  }
  for (const { id, spec } of view.list('container')) {
    if (spec.hostPorts.length > 0)
      yield { id, name: spec.name, kind: 'container', ports: spec.hostPorts.flatMap(hostPort) };
  }
}

/** A port of its node; none for a range, of which its engine chooses one. */
const hostPort = (key: string): readonly PublishedPort[] => {
  const port = parseHostPort(key);
  if (port === undefined || port.first !== port.last) return [];
  const { protocol, address, first } = port;
  return [
    {
      protocol: protocol as PublishedPort['protocol'],
      target: first,
      published: first,
      mode: 'host',
      ...(address !== '' && { hostAddress: address }),
    },
  ];
};

/** A service there would cut the nodes off from their managers, or from one another. */
function* ownPorts(view: View): Iterable<ReservedPort> {
  if (isDoorOpen(view))
    for (const port of portsOfDoor(view)) yield { protocol: 'tcp', port, owner: "the front door's" };
  yield { protocol: 'udp', port: overlayPort, owner: "the overlay network's own" };
  yield { protocol: 'udp', port: encryptionPort, owner: "the encryption's own" };
  for (const { managerAddress } of view.list('node')) {
    if (managerAddress === undefined) continue;
    yield { protocol: 'tcp', port: parseAddress(managerAddress).port, owner: "the managers' own" };
  }
}
