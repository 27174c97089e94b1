import type { MissingNode } from '../../../manager/engines/ask.ts';
import { callEngine, refusal } from '../../../manager/engines/call.ts';
import type { EngineCall, EngineReply } from '../../../manager/engines/call.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { nodeName } from '../../../model/node.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Reply } from '../../http/reply.ts';
import { empty, json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import { promised } from './create.ts';
import { engineOf } from '../context.ts';
import type { DockerContext } from '../context.ts';
import { rowTo, volumeTo } from '../convert/volume.ts';
import { missingHeaders } from '../missing.ts';
import type { Located } from './locate.ts';
import { locateVolume } from './locate.ts';
import { asSpoken } from '../version.ts';

const noSuch = (name: string, missing: readonly MissingNode[] = []): Reply => ({
  kind: 'json',
  status: 404,
  body: { message: `get ${name}: no such volume` },
  headers: missingHeaders(missing),
});

type OnNode = Extract<Located, { readonly kind: 'node' }>;

/** `GET /volumes/{name}`. */
export const inspectVolume = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const located = await locateVolume(context, name, request.signal);
  switch (located.kind) {
    case 'nowhere':
      return noSuch(name, located.missing);
    case 'promised':
      return json(promised(context, located.row));
    case 'node':
      return await inspectOn(context, request, located);
  }
};

const pathOf = (name: string): string => `/volumes/${encodeURIComponent(name)}`;

const inspectOn = async (context: DockerContext, request: ApiRequest, located: OnNode): Promise<Reply> => {
  const { record, name, row } = located;
  if (record.status.state !== 'ready' && row !== undefined) return json(rowTo(row, record.node));
  const answer = await ask(context, located, request, { path: pathOf(name) });
  if (answer.status < 300) return json(volumeTo(answer.body as Definitions['Volume'], record.node));
  if (answer.status === 404) await context.manager.volumes.absent(name, record.node.id);
  if (answer.status === 404) return noSuch(name);
  throw refusal(answer);
};

/** A volume driver may have to reach a server: its engine has time. */
const ask = async (
  context: DockerContext,
  { record }: OnNode,
  { version, signal }: ApiRequest,
  call: Pick<EngineCall, 'method' | 'path'>,
): Promise<EngineReply> =>
  await callEngine(engineOf(context), record.node.id, { ...call, ...asSpoken({ version }) }, signal);

const outOfReach = (name: string, { node }: NodeRecord): TuttiError =>
  new TuttiError(
    'unavailable',
    `remove ${name}: node ${nodeName(node)}, where it is, does not answer: wait for it, or remove with --force to free the name and leave the data there`,
  );

/** `DELETE /volumes/{name}`; of what is not there a forced removal says nothing, as Docker's. */
export const removeVolume = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const located = await locateVolume(context, name, request.signal);
  switch (located.kind) {
    case 'nowhere':
      return flagOf(request, 'force') ? empty(204) : noSuch(name, located.missing);
    case 'promised':
      await context.manager.volumes.forget(name, undefined);
      return empty(204);
    case 'node':
      return await removeOn(context, request, located);
  }
};

const removeOn = async (context: DockerContext, request: ApiRequest, located: OnNode): Promise<Reply> => {
  const { record, name, row } = located;
  const force = flagOf(request, 'force');
  const forget = async (): Promise<void> => await context.manager.volumes.forget(name, record.node.id);
  if (record.status.state !== 'ready') {
    // Its data stay on the node that nobody reaches; the name is free again.
    if (!force || row === undefined) throw outOfReach(name, record);
    await forget();
    return empty(204);
  }
  const path = `${pathOf(name)}${force ? '?force=1' : ''}`;
  const answer = await ask(context, located, request, { method: 'DELETE', path });
  if (answer.status < 300) await forget();
  if (answer.status === 404) await context.manager.volumes.absent(name, record.node.id);
  if (answer.status < 300) return empty(204);
  if (answer.status === 404) return noSuch(name);
  throw refusal(answer);
};
