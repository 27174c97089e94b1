import type { KnownContainer, Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';

/** The container that a path names: an id, a name, or `node/name` as two parts of the path. */
export const referenceOf = (request: ApiRequest): string => {
  const node = paramOf(request, 'node');
  const name = paramOf(request, 'id');
  return node === '' ? name : `${node}/${name}`;
};

/**
 * Finds a container whose engine can be asked. Throws `not-found`, `invalid-argument` where the reference is ambiguous,
 * `unavailable` where its node is not there.
 */
export const locate = async (
  { inventory, queries }: Pick<Manager, 'inventory' | 'queries'>,
  reference: string,
  signal: AbortSignal,
): Promise<KnownContainer> => {
  const container = await inventory.find(reference, signal);
  if (container.reachable) return container;
  const status = queries.nodeOf(container.nodeId)?.status;
  const state = status?.engineAway === true ? 'its engine does not answer' : `it is ${status?.state ?? 'gone'}`;
  throw new TuttiError(
    'unavailable',
    `Container ${reference} is on node ${container.nodeName}, which cannot be asked: ${state}. ` +
      'Bring the node back, or take the container off the cluster with "docker rm --force"',
  );
};
