import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { forward } from '../forward.ts';
import { pickNode } from '../nodes.ts';

/** What only registries know: an engine asks them, with the client's own credentials. */
export const distributionRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/distribution/*', async (request) => await forward(context.manager, pickNode(context).id, request)],
  ['POST', '/auth', async (request) => await forward(context.manager, pickNode(context).id, request)],
];
