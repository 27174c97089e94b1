import type { KnownContainer, Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import { empty } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import { locate, referenceOf } from './locate.ts';
import type { PassOptions, Passed } from './pass.ts';
import { passOn, withQuery } from './pass.ts';

/** As `passOn`; the inventory sees at once what changed: the next command may come before the engine's event. */
export const passChange = async (manager: Manager, request: ApiRequest, options: PassOptions): Promise<Passed> => {
  const passed = await passOn(manager, request, options);
  if (passed.reply.status < 300) await lookAgain(manager, passed.container, request.signal);
  return passed;
};

const lookAgain = async (
  { inventory, networks }: Pick<Manager, 'inventory' | 'networks'>,
  { nodeId, id }: KnownContainer,
  signal: AbortSignal,
): Promise<void> => {
  // Where the node has gone meanwhile, the events tell later.
  await inventory.refresh(nodeId, [id], signal).catch(() => undefined);
  networks.seen(id);
};

export const removeContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { reply, container } = await passChange(manager, request, { path: withQuery(request, '') });
  // `link` takes a name away, no container.
  if (reply.status < 300 && !flagOf(request, 'link')) await manager.containers.removed(container.id);
  return reply;
};

/** Names are unique over the cluster. */
export const renameContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const name = (request.query.get('name') ?? '').replace(/^\//, '');
  // The engine says it best that there is no name.
  if (name === '') return (await passChange(manager, request, { path: withQuery(request, '/rename') })).reply;
  const container = await locate(manager, referenceOf(request), request.signal);
  await manager.containers.rename(container, name, request.signal);
  return empty(204);
};
