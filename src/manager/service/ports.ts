import { allocatePorts } from '../../core/allocate/ports.ts';
import type { PortOwner } from '../../core/allocate/ports.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Service } from '../../model/service.ts';
import type { View } from '../../store/store.ts';

/** The service with the ports of its specification in force. Throws `conflict` with the owner of a port that is taken. */
export const withPorts = (view: View, service: Service): Service => {
  const wanted = service.spec.endpoint?.ports ?? [];
  if (wanted.length === 0) return { ...service, ports: [] };
  const allocation = allocatePorts(wanted, others(view, service.id), service.ports);
  if (allocation.kind === 'refused') {
    throw new TuttiError('conflict', `service ${service.spec.name}: ${allocation.reason}`);
  }
  return { ...service, ports: allocation.value };
};

function* others(view: View, serviceId: string): Iterable<PortOwner> {
  for (const { id, spec, ports } of view.list('service')) {
    if (id !== serviceId) yield { id, name: spec.name, ports };
  }
}
