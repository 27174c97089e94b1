import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, mapValues, withEntry } from '../source/node.ts';
import type { Problem } from '../source/problem.ts';
import { keyPosition } from '../source/node.ts';
import { problem } from '../source/problem.ts';

export interface Upgraded {
  readonly root: MapNode;
  readonly warnings: readonly Problem[];
}

/** Keys of old services that today's schema has no place for, and what to write instead. */
const gone: Readonly<Record<string, string>> = {
  volume_driver: 'it is ignored; set "driver" on the volume under the top-level "volumes"',
};

/** Takes what only version 2 and 3 files have to today's specification; the rest of them is still part of it. */
export function upgrade(root: MapNode): Upgraded {
  const warnings: Problem[] = [];
  const upgraded = mapValues(withoutServiceKeys(root, warnings), (value, key) =>
    key === 'networks' ? mapNetworks(value) : value,
  );
  return { root: upgraded, warnings };
}

function withoutServiceKeys(root: MapNode, warnings: Problem[]): MapNode {
  return mapValues(root, (services, section) =>
    section !== 'services' || services.kind !== 'map'
      ? services
      : mapValues(services, (service, name) => {
          let result = service;
          for (const [key, message] of Object.entries(gone)) {
            if (result.kind !== 'map' || child(result, key) === undefined) continue;
            const path = ['services', name, key];
            warnings.push(problem(keyPosition(root, path), path, message));
            result = withEntry(result, key, undefined);
          }
          return result;
        }),
  );
}

/** `ipam.config` entries of version 2 could say `aux_address`, as the Engine API does. */
function mapNetworks(networks: ComposeNode): ComposeNode {
  if (networks.kind !== 'map') return networks;
  return mapValues(networks, (network) => {
    const ipam = child(network, 'ipam');
    const config = child(ipam, 'config');
    if (network.kind !== 'map' || ipam?.kind !== 'map' || config?.kind !== 'list') return network;
    const items = config.items.map((item) => {
      const old = child(item, 'aux_address');
      if (item.kind !== 'map' || old === undefined) return item;
      return withEntry(withEntry(item, 'aux_address', undefined), 'aux_addresses', old);
    });
    return withEntry(network, 'ipam', withEntry(ipam, 'config', { ...config, items }));
  });
}
