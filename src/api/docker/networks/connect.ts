import * as z from 'zod';
import { tellEngine } from '../../../manager/engines/call.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Reply } from '../../http/reply.ts';
import { empty } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { engineOf } from '../context.ts';
import type { DockerContext } from '../context.ts';
import { readBody } from '../input.ts';
import { findNetwork } from './find.ts';
import type { FoundNetwork } from './find.ts';
import { asSpoken } from '../version.ts';

const connectSchema = z.object({
  Container: z.string().min(1).max(4096),
  EndpointConfig: z.record(z.string(), z.unknown()).optional(),
});
const disconnectSchema = z.object({ Container: z.string().min(1).max(4096), Force: z.boolean().optional() });

/** Puts a container on a network beside those that it is on. */
export const connectContainer = async (
  context: DockerContext,
  request: ApiRequest,
  reference: string,
): Promise<Reply> => {
  const { value } = await readBody(request, connectSchema, 'endpoint');
  const { Container, ...more } = value;
  const { found, container } = await both(context, request, reference, Container);
  if (found.kind === 'cluster' && found.network.spec.driver === 'overlay') {
    await context.manager.networks.connect(found.network, container, more.EndpointConfig ?? {}, request.signal);
  } else {
    await onEngine(context, request, `${engineName(found, container.nodeId)}/connect`, container, more);
  }
  return empty(200);
};

export const disconnectContainer = async (
  context: DockerContext,
  request: ApiRequest,
  reference: string,
): Promise<Reply> => {
  const { value } = await readBody(request, disconnectSchema, 'endpoint');
  const { Container, ...more } = value;
  const { found, container } = await both(context, request, reference, Container);
  if (found.kind === 'cluster' && found.network.spec.driver === 'overlay') {
    await context.manager.networks.disconnect(found.network, container, more.Force === true, request.signal);
  } else {
    await onEngine(context, request, `${engineName(found, container.nodeId)}/disconnect`, container, more);
  }
  return empty(200);
};

interface Placed {
  readonly id: string;
  readonly nodeId: string;
  readonly nodeName: string;
}

const both = async (context: DockerContext, request: ApiRequest, reference: string, name: string) => {
  const found = await findNetwork(context, request, reference);
  const container = await context.manager.inventory.find(name, request.signal);
  return { found, container };
};

/** The network as the engine of the container knows it. */
const engineName = (found: FoundNetwork, nodeId: string): string => {
  if (found.kind === 'local') {
    if (found.nodeId === nodeId) return found.network.Id;
    const where = `network ${found.network.Name} is on node ${found.nodeName} alone`;
    throw new TuttiError('invalid-argument', `${where}, and the container is on another`);
  }
  return found.network.spec.driver;
};

const onEngine = async (
  context: DockerContext,
  { signal, version }: ApiRequest,
  path: string,
  { id, nodeId }: Placed,
  more: object,
): Promise<void> => {
  const json = { Container: id, ...more };
  const call = { path: `/networks/${path}`, json, ...asSpoken({ version }) };
  await tellEngine(engineOf(context), nodeId, { method: 'POST', ...call }, signal);
};
