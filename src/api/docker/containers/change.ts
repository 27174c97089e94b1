import type { KnownContainer, Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
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
  { inventory }: Pick<Manager, 'inventory'>,
  { nodeId, id }: KnownContainer,
  signal: AbortSignal,
): Promise<void> => {
  // Where the node has gone meanwhile, the events tell later.
  await inventory.refresh(nodeId, [id], signal).catch(() => undefined);
};

export const removeContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> =>
  (await passChange(manager, request, { path: withQuery(request, '') })).reply;

/** Names are unique over the cluster. */
export const renameContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const name = (request.query.get('name') ?? '').replace(/^\//, '');
  const { inventory } = manager;
  const container = await locate(manager, referenceOf(request), request.signal);
  // What has the name may have gone meanwhile.
  for (const other of othersNamed(manager, name, container)) await lookAgain(manager, other, request.signal);
  const [taken] = othersNamed({ inventory }, name, container);
  if (taken !== undefined) return json({ message: nameConflict(name, taken.id) }, 409);
  return (await passChange(manager, request, { path: withQuery(request, '/rename') })).reply;
};

const othersNamed = ({ inventory }: Pick<Manager, 'inventory'>, name: string, { id }: KnownContainer) =>
  inventory.named(name).filter((other) => other.id !== id);

/** Docker's own words, which clients match on. */
const nameConflict = (name: string, holder: string): string =>
  `Conflict. The container name "/${name}" is already in use by container "${holder}". ` +
  'You have to remove (or rename) that container to be able to reuse that name.';
