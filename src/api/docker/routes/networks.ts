import type { Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Network } from '../../../model/network.ts';
import { networkSpec } from '../../../model/network.ts';
import { isTerminal } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { empty, json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { check } from '../../http/validate.ts';
import type { DockerContext } from '../context.ts';
import { networkFrom, networkSchema, networkTo } from '../convert/network.ts';
import { lookup, lookupAsync } from '../errors.ts';
import { anyOf, checkChoice, labelled, readFilters } from '../filters.ts';
import { readBody } from '../input.ts';

export const networkRoutes = ({ manager }: DockerContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    [
      'GET',
      '/networks',
      (request) => {
        const passes = networkFilter(request, manager);
        return json(queries.networks().filter(passes).map(networkTo));
      },
    ],
    [
      'GET',
      '/networks/:id',
      (request) => {
        const id = paramOf(request, 'id');
        const network = lookup('network', id, () => queries.network(id));
        const scope = request.query.get('scope') ?? '';
        if (!['', 'swarm', 'global'].includes(scope)) throw new TuttiError('not-found', `network ${id} not found`);
        return json({ ...networkTo(network), Containers: endpointsOf(manager, network) });
      },
    ],
    [
      'POST',
      '/networks/create',
      async (request) => {
        const { value, warnings } = await readBody(request, networkSchema, 'network');
        const spec = check(networkSpec, networkFrom(value), 'network');
        const created = await commands.createNetwork(spec);
        return json({ Id: created.id, Warning: [...warnings, ...created.warnings].join('; ') }, 201);
      },
    ],
    [
      'DELETE',
      '/networks/:id',
      async (request) => {
        const id = paramOf(request, 'id');
        await lookupAsync('network', id, () => commands.removeNetwork(id));
        return empty(204);
      },
    ],
  ];
};

const builtIn = (network: Network): boolean => network.spec.driver !== 'overlay';

const networkFilter = (request: ApiRequest, manager: Manager): ((network: Network) => boolean) => {
  const filters = readFilters(request, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
  checkChoice(filters, 'type', ['custom', 'builtin']);
  checkChoice(filters, 'dangling', ['true', 'false', '1', '0']);
  const used = filters.has('dangling') ? usedNetworks(manager) : new Set<string>();
  return (network) =>
    anyOf(filters, 'driver', (driver) => driver === networkTo(network).Driver) &&
    anyOf(filters, 'id', (id) => network.id.startsWith(id)) &&
    anyOf(filters, 'name', (name) => network.spec.name.includes(name)) &&
    anyOf(filters, 'scope', (scope) => scope === 'swarm' || scope === 'global') &&
    anyOf(filters, 'type', (type) => (type === 'builtin') === builtIn(network)) &&
    anyOf(
      filters,
      'dangling',
      (wanted) => ['true', '1'].includes(wanted) !== (builtIn(network) || used.has(network.id)),
    ) &&
    labelled(filters, 'label', network.spec.labels);
};

const usedNetworks = ({ queries }: Manager): ReadonlySet<string> =>
  new Set(
    queries
      .services()
      .flatMap(({ service }) => (service.spec.task.networks ?? []).map((attached) => attached.networkId)),
  );

/** The tasks on a network, over all nodes: one virtual engine has them all. */
const endpointsOf = ({ queries }: Manager, network: Network): Record<string, Definitions['NetworkContainer']> => {
  const prefix = network.subnet?.split('/')[1] ?? '32';
  return Object.fromEntries(
    queries.tasks().flatMap(({ task, status }) => {
      const attached = task.addresses?.find((address) => address.networkId === network.id);
      if (attached === undefined || isTerminal(status.state)) return [];
      const key = status.containers[0]?.containerId ?? task.id;
      const name = `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}.${task.id}`;
      return [
        [
          key,
          {
            Name: name,
            EndpointID: task.id,
            MacAddress: '',
            IPv4Address: `${attached.address}/${prefix}`,
            IPv6Address: '',
          },
        ],
      ];
    }),
  );
};
