import { splitReference } from '../../../manager/engines/resolve.ts';
import type { KnownContainer, Manager } from '../../../manager/manager.ts';
import type { ErrorCode } from '../../../model/errors.ts';
import { TuttiError } from '../../../model/errors.ts';
import { chunkOf } from '../../../rpc/body.ts';
import type { Reply } from '../../http/reply.ts';
import { empty } from '../../http/reply.ts';
import { readJsonAsItIs } from '../../http/body.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import { locate, referenceOf } from './locate.ts';
import { withUpdate } from '../convert/container-create.ts';
import type { PassOptions, Passed } from './pass.ts';
import { passOn, withQuery } from './pass.ts';

const updateLimit = 1024 * 1024;

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

/** By force also what is on a node that cannot be asked: it goes from the cluster now, and from the node when that is back. */
export const removeContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  if (flagOf(request, 'force') && !flagOf(request, 'link')) {
    const lost = await findOrDrop(manager, referenceOf(request), request.signal);
    if (lost === undefined) return empty(204);
    if (!lost.reachable) {
      await manager.containers.abandon(lost, { volumes: flagOf(request, 'v') });
      return empty(204);
    }
  }
  if (flagOf(request, 'link')) return await removeLink(manager, request);
  const { reply, container } = await passChange(manager, request, { path: withQuery(request, '') });
  if (reply.status < 300) {
    const byName = splitReference(referenceOf(request)).name !== container.id;
    await manager.containers.removed(container.id, { byName });
  }
  return reply;
};

/** `container/alias`: the name is taken away by which that container knows another one. Its engine has both. */
const removeLink = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const typed = referenceOf(request);
  const mark = typed.lastIndexOf('/');
  // The container's own name: its engine refuses.
  if (mark <= 0) return (await passChange(manager, request, { path: withQuery(request, '') })).reply;
  const path = (container: string): string =>
    `/containers/${container}${typed.slice(mark)}?${request.query.toString()}`;
  const { reply } = await passChange(manager, request, { reference: typed.slice(0, mark), path });
  return reply;
};

/** Undefined: no engine has it yet, and it is taken off the cluster. */
const findOrDrop = async (
  { inventory, containers }: Manager,
  reference: string,
  signal: AbortSignal,
): Promise<KnownContainer | undefined> => {
  try {
    return await inventory.find(reference, signal);
  } catch (thrown) {
    const isUnmade = TuttiError.from(thrown).code === 'not-found' && (await containers.abandonUnmade(reference));
    if (!isUnmade) throw thrown;
    return undefined;
  }
};

/** The engine is sent what the client said; what that very container reserves follows. */
export const updateContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const body = await readJsonAsItIs(request, updateLimit);
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const { reply, container } = await passChange(manager, request, {
    path: withQuery(request, '/update'),
    byId: true,
    body: chunkOf(bytes),
    headers: { 'content-length': String(bytes.length) },
  });
  if (reply.status < 300) await manager.containers.updated(container.id, (spec) => withUpdate(spec, body));
  return reply;
};

/** Names are unique over the cluster. */
export const renameContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const name = (request.query.get('name') ?? '').replace(/^\//, '');
  // The engine says it best that there is no name.
  if (name === '') return (await passChange(manager, request, { path: withQuery(request, '/rename') })).reply;
  const container = await locate(manager, referenceOf(request), request.signal);
  try {
    await manager.containers.rename(container, name, request.signal);
  } catch (thrown) {
    // Engines say so with a slash before the name here, and without one where a container is made.
    const shown = reworded(thrown, ['already-exists', 'invalid-argument'], 'Error when allocating new name: ');
    throw shown instanceof TuttiError && shown.code === 'invalid-argument'
      ? new TuttiError(shown.code, shown.message.replace('name (', 'name (/'), { cause: thrown })
      : shown;
  }
  return empty(204);
};

export const killContainer = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  try {
    return (await passChange(manager, request, { path: withQuery(request, '/kill') })).reply;
  } catch (thrown) {
    throw reworded(thrown, ['not-found'], `Cannot kill container: ${referenceOf(request)}: `);
  }
};

/** With what engines say before it. */
const reworded = (thrown: unknown, codes: readonly ErrorCode[], before: string): unknown =>
  thrown instanceof TuttiError && codes.includes(thrown.code)
    ? new TuttiError(thrown.code, `${before}${thrown.message}`, { cause: thrown })
    : thrown;
