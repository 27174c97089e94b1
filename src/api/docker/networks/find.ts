import { meantBy } from '../../../manager/attach/local.ts';
import type { LocalNetwork } from '../../../manager/attach/local.ts';
import { TuttiError, unlessMissing } from '../../../model/errors.ts';
import { networkIdOf } from '../../../model/network.ts';
import type { Network } from '../../../model/network.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { notFound } from '../errors.ts';
import { findLocal } from './local.ts';

export type FoundNetwork =
  | { readonly kind: 'cluster'; readonly network: Network }
  | ({ readonly kind: 'local' } & LocalNetwork);

/** A network of the cluster by this id, name or beginning of an id. Throws where several are meant. */
export const clusterNetwork = ({ manager }: DockerContext, reference: string): Network | undefined =>
  unlessMissing(() => manager.queries.network(networkIdOf(reference) ?? reference));

/**
 * The network that a client means: the cluster's by id, name or beginning of an id; an engine's own by `node/name`, and
 * by its id or name alone where one engine has it. Throws `not-found` in Docker's words.
 */
export const findNetwork = async (
  context: DockerContext,
  request: Pick<ApiRequest, 'signal'>,
  reference: string,
): Promise<FoundNetwork> => {
  const network = clusterNetwork(context, reference);
  if (network !== undefined) return { kind: 'cluster', network };
  const slash = reference.indexOf('/');
  const node = slash < 0 ? {} : { node: reference.slice(0, slash) };
  const name = reference.slice(slash + 1);
  const { found } = await findLocal(context, request, node);
  const [first, ...others] = meantBy(found, name);
  if (first === undefined || name === '') throw notFound('network', reference);
  if (others.length > 0) {
    const names = [first, ...others].map((each) => `${each.nodeName}/${each.network.Name}`).join(', ');
    const message = `network ${reference} is ambiguous (${others.length + 1} matches found on name: ${names})`;
    throw new TuttiError('invalid-argument', message);
  }
  return { kind: 'local', ...first };
};
