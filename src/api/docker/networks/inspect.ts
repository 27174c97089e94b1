import type { EngineNetwork } from '../../../manager/attach/local.ts';
import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import { tellEngine } from '../../../manager/engines/call.ts';
import type { Network } from '../../../model/network.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { engineOf } from '../context.ts';
import type { DockerContext } from '../context.ts';
import { networkTo } from '../convert/network.ts';
import { notFound } from '../errors.ts';
import { missingHeaders } from '../missing.ts';
import { findNetwork } from './find.ts';
import { shownLocal } from './local.ts';
import { endpoint, endpointsOf } from './use.ts';
import type { Endpoints } from './use.ts';

/** One network with what is on it, over all nodes. */
export const inspectNetwork = async (
  context: DockerContext,
  request: ApiRequest,
  reference: string,
): Promise<Reply> => {
  const found = await findNetwork(context, request, reference);
  const scope = request.query.get('scope') ?? '';
  if (found.kind === 'local') {
    if (!['', 'local'].includes(scope)) throw notFound('network', reference);
    const path = `/networks/${found.network.Id}`;
    const network = await tellEngine(engineOf(context), found.nodeId, { path }, request.signal);
    return json(shownLocal({ ...found, network: network as EngineNetwork }));
  }
  const { network } = found;
  // Services can be on each of them: a client that asks for those of the swarm means all.
  if (scope === 'local' && networkTo(network).Scope !== scope) throw notFound('network', reference);
  if (network.spec.driver !== 'overlay') return await inspectPredefined(context, request, network);
  return json({ ...networkTo(network), Containers: withBalancer(network, endpointsOf(context.manager, network)) });
};

/** Swarm lists the balancer of an overlay that is in use as one more endpoint. Here it is the gateway of every node. */
const withBalancer = (network: Network, endpoints: Endpoints): Endpoints => {
  const { Name, Id, Driver } = networkTo(network);
  if (Driver !== 'overlay' || Object.keys(endpoints).length === 0) return endpoints;
  const prefix = network.subnet?.split('/')[1] ?? '32';
  return { ...endpoints, [`lb-${Name}`]: endpoint(`${Name}-endpoint`, Id, [`${network.gateway ?? ''}/${prefix}`]) };
};

/** The network of this name on each engine, as one: what is on it over all nodes, everything else as one of them has it. */
const inspectPredefined = async (
  { manager, clock }: DockerContext,
  { signal }: ApiRequest,
  network: Network,
): Promise<Reply> => {
  const { answers, missing } = await askEngines(
    manager,
    { method: 'GET', path: `/networks/${network.spec.driver}` },
    async (response) => (await readAnswerJson(response)) as EngineNetwork,
    { clock, signal },
  );
  const containers = Object.assign({}, ...answers.map(({ value }) => value.Containers ?? {})) as object;
  const { Id, Created, ...own } = networkTo(network);
  const shown = { ...own, ...answers[0]?.value, Id, Created, Containers: containers };
  return { ...json(shown), headers: missingHeaders(missing) };
};
