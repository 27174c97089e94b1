import type { PlaceNear } from '../../core/place/model.ts';
import { TuttiError } from '../../model/errors.ts';
import type { View } from '../../store/store.ts';
import { localNetworks, meantBy, predefined } from './local.ts';
import type { LocalNetworksPorts } from './local.ts';
import { askedNetworks } from './request.ts';
import type { CreateRequest } from './request.ts';
import { resolveNetwork } from './resolve.ts';

/**
 * Where the networks are that a container asks for and that one engine alone has. One that no engine has is left to the
 * engine that the container goes to, unless its node was named: then it throws `invalid-argument`.
 */
export const nodesOfNetworks = async (
  ports: LocalNetworksPorts & { readonly store: { readonly view: View } },
  request: CreateRequest,
  signal: AbortSignal,
): Promise<readonly PlaceNear[]> => {
  const asked = askedNetworks(request);
  if (asked === undefined || asked.fixedMode) return [];
  const own = asked.networks
    .map((one) => resolveNetwork(ports.store.view, one))
    .filter((one) => one.kind === 'engine' && !predefined.has(one.name));
  if (own.length === 0) return [];
  const { found } = await localNetworks(ports, {}, signal);
  return own.flatMap(({ reference }) => {
    const slash = reference.indexOf('/');
    const there = slash < 0 ? found : found.filter(({ nodeName }) => nodeName === reference.slice(0, slash));
    const nodeIds = new Set(meantBy(there, reference.slice(slash + 1)).map(({ nodeId }) => nodeId));
    if (nodeIds.size > 0) return [{ what: `network ${reference}`, nodeIds }];
    if (slash >= 0) throw new TuttiError('invalid-argument', `network ${reference} not found`);
    return [];
  });
};
