import { splitReference } from '../../../manager/engines/resolve.ts';
import type { KnownContainer, Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { ForwardOptions } from '../forward.ts';
import { announcesBody, forward } from '../forward.ts';
import { locate, referenceOf } from './locate.ts';
import { readReply } from './read-reply.ts';

export interface PassOptions extends Omit<ForwardOptions, 'path'> {
  /** Default: the container that the request's path names. */
  readonly reference?: string;
  /** The engine's path for a container, with the query. `typed` is what its engine is to know it by: engines say it again. */
  readonly path: (typed: string) => string;
  /** The engine is to know it by its full id: what follows concerns the very container that was found. */
  readonly byId?: true;
}

export interface Passed {
  readonly container: KnownContainer;
  readonly reply: Reply;
}

/** `/containers/<typed><rest>` with the client's own query. */
export const withQuery =
  (request: ApiRequest, rest: string): PassOptions['path'] =>
  (typed) =>
    `/containers/${encodeURIComponent(typed)}${rest}${request.query.size === 0 ? '' : `?${request.query.toString()}`}`;

/**
 * Passes a request on to the engine of the container that it is about. What was not told of yet (a container removed, its
 * name given to another) is looked at again, once.
 */
export const passOn = async (manager: Manager, request: ApiRequest, options: PassOptions): Promise<Passed> => {
  const { reference = referenceOf(request), path, byId, ...others } = options;
  const container = await locate(manager, reference, request.signal);
  const { name } = splitReference(reference);
  const word = ({ id }: KnownContainer): string => (byId === true ? id : name);
  const ask = async (to: KnownContainer): Promise<Reply> =>
    await forward(manager, to.nodeId, request, { ...others, path: path(word(to)) });
  const reply = await ask(container);
  const gone = await missingIn(reply, word(container));
  if (gone === undefined) return { container, reply };
  if (!gone.missing) return { container, reply: gone.reply };
  await manager.inventory.refresh(container.nodeId, [container.id], request.signal).catch(() => undefined);
  const now = await locate(manager, reference, request.signal);
  // A body has been read by the engine that did not want it.
  if (now.id === container.id || announcesBody(request)) {
    throw new TuttiError('not-found', `No such container: ${reference}`);
  }
  return { container: now, reply: await ask(now) };
};

const mostMessageBytes = 65_536;

/** A 404 read to its end: whether it is the container that is missing. Undefined: it is no 404 with a text. */
const missingIn = async (
  reply: Reply,
  typed: string,
): Promise<{ readonly missing: boolean; readonly reply: Reply } | undefined> => {
  if (reply.kind !== 'stream' || reply.status !== 404) return undefined;
  const text = await readReply(reply, mostMessageBytes);
  const { headers } = reply;
  return { missing: text.includes(`No such container: ${typed}`), reply: { kind: 'text', status: 404, text, headers } };
};
