import { localNetworks } from '../../../manager/attach/local.ts';
import type { EngineNetwork, LocalNetwork } from '../../../manager/attach/local.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';

/** The networks that are one engine's own. */
export const findLocal = async (
  { manager, clock }: DockerContext,
  { signal }: Pick<ApiRequest, 'signal'>,
  options: Parameters<typeof localNetworks>[1],
): ReturnType<typeof localNetworks> =>
  await localNetworks({ engines: manager.engines, queries: manager.queries, clock }, options, signal);

/** As the cluster shows it: `node/name`. */
export const shownLocal = ({ nodeName: name, network }: LocalNetwork): EngineNetwork & { readonly Node: string } => ({
  ...network,
  Name: `${name}/${network.Name}`,
  Node: name,
});
