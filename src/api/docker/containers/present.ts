import type { Manager } from '../../../manager/manager.ts';
import type { Node } from '../../../model/node.ts';
import { nodeName } from '../../../model/node.ts';
import type { Summary } from './last-seen.ts';
import { secondNames } from './list-text.ts';
import { clusterNetworkOf, withClusterNetworks } from './networks.ts';

/** A summary of an engine's container, as the cluster shows it. */
export const presentedContainer = (manager: Manager, summary: Summary, node: Node): Summary => {
  const named = withClusterNetworks(
    summary as Readonly<Record<string, unknown>>,
    (network) => clusterNetworkOf(manager, network),
    manager.containers.row(summary.Id ?? ''),
  ) as Summary;
  const { Names = [] } = summary;
  const name = nodeName(node);
  return { ...named, Names: [...Names, ...secondNames(Names, name)], Node: { ID: node.id, Name: name } } as Summary;
};
