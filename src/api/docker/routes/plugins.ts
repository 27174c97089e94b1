import * as z from 'zod';
import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { targetOf } from '../forward.ts';
import { missingHeaders } from '../missing.ts';

/** What is installed on the nodes, for people to look at. To install and remove is each engine's own business: see unsupported.ts. */
export const pluginRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/plugins', async (request) => await list(context, request)],
];

const plugin = z.looseObject({ Name: z.string() });

/** One of each name, however many nodes have it. */
const list = async ({ manager, clock }: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { answers, missing } = await askEngines(
    manager,
    { method: 'GET', path: targetOf(request) },
    async (response) => z.array(plugin).parse(await readAnswerJson(response)),
    { clock, signal: request.signal },
  );
  const named = answers.flatMap(({ value }) => value).map((one) => [one.Name, one] as const);
  return { ...json([...new Map(named.toReversed()).values()]), headers: missingHeaders(missing) };
};
