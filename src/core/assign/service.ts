import type { AssignedPublish, AssignedVip } from '../../model/assignment.ts';
import { hostPortKey } from '../../model/host-port.ts';
import type { NetworkId } from '../../model/ids.ts';
import { sixthOf } from './address6.ts';
import type { FindNetwork } from './address6.ts';
import type { Service } from '../../model/service.ts';
import { sharedNames } from './names.ts';
import { servedBy, some } from './served.ts';

/** Label of a service: `client` has the connections of one client go to one task. */
export const affinityLabel = 'tutti.affinity';

const affinityOf = ({ spec }: Pick<Service, 'spec'>): { readonly affinity?: 'client' } =>
  spec.labels?.[affinityLabel] === 'client' ? { affinity: 'client' } : {};

/** The addresses of a service's own, with what resolves to them. */
export const vipsOf = (service: Service, network: FindNetwork): readonly AssignedVip[] => {
  const { id, spec, virtualIps = [] } = service;
  const named = { serviceName: spec.name, ...(spec.labels !== undefined && { serviceLabels: spec.labels }) };
  return virtualIps.map(({ networkId, address }) => {
    const attachment = spec.task.networks?.find((one) => one.networkId === networkId) ?? { networkId };
    const names = sharedNames(named, attachment).filter((name) => !name.startsWith('tasks.'));
    return {
      kind: 'vip',
      id: `${networkId}/${id}`,
      networkId,
      serviceId: id,
      address,
      ...sixthOf(network(networkId), { address }),
      names,
      ...some(servedBy(spec)),
      ...affinityOf(service),
    };
  });
};

/** The ports of a service that answer on every node. */
export const publishesOf = (service: Service, ingress: NetworkId): readonly AssignedPublish[] =>
  service.ports
    .filter(({ mode }) => mode === 'ingress')
    .map(({ protocol, published, target, hostAddress = '', tasks, unserved }) => ({
      kind: 'publish',
      id: hostPortKey(protocol, hostAddress, String(published)) ?? `${protocol}/${published}`,
      protocol,
      published,
      target,
      serviceId: service.id,
      serviceName: service.spec.name,
      networkId: ingress,
      ...(hostAddress !== '' && { address: hostAddress }),
      ...(tasks !== undefined && { tasks }),
      ...(unserved !== undefined && { unserved }),
      ...affinityOf(service),
    }));
