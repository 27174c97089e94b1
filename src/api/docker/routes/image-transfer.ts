import { findImage } from '../../../manager/images/holders.ts';
import { tee } from '../../../manager/images/tee.ts';
import type { Reply } from '../../http/reply.ts';
import { headerOf } from '../../http/request.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { forward, targetOf } from '../forward.ts';
import { progressReply } from '../image-progress.ts';
import { followTags } from '../image-tags.ts';
import { pickNode, readyNodes } from '../nodes.ts';
import type { ReadyNode } from '../nodes.ts';
import { readFilters } from '../filters.ts';
import { asSpoken } from '../version.ts';

/** A node's engine that takes nothing of an upload for so long is left behind. */
const stallMs = 60_000;

/** Images that come from outside (pull, import, load) and go there (save). */
export const imageTransferRoutes = (context: DockerContext): readonly Route[] => [
  ['POST', '/images/create', async (request) => await create(context, request)],
  ['POST', '/images/load', async (request) => await load(context, request)],
  ['GET', '/images/get', async (request) => await save(context, request, request.query.getAll('names'))],
];

const create = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const source = request.query.get('fromSrc') ?? '';
  return source === '' ? await pull(context, request) : await importOne(context, request);
};

/** Every node pulls for itself: what a registry gives may differ by platform. */
const pull = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const filters = readFilters(request, ['node']);
  const nodes = readyNodes(context, filters);
  const query = new URLSearchParams(request.query);
  query.delete('filters');
  const parts = nodes.map(({ id, name }) => ({
    nodeName: name,
    response: context.manager.engines.request(
      id,
      { ...engineRequest(request), path: targetOf({ path: request.path, query }) },
      request.signal,
    ),
  }));
  const remark = (status: string) => ({ status });
  return await progressReply(parts, { signal: request.signal, remark, undone: 'not pulled' });
};

/** The parts of a request that every engine gets. */
const engineRequest = (request: ApiRequest) => {
  const names = ['content-type', 'x-registry-auth', 'x-registry-config'] as const;
  const headers = Object.fromEntries(
    names.flatMap((name) => {
      const value = headerOf(request, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { method, version } = request;
  return { method, path: targetOf(request), headers, ...asSpoken({ version }) };
};

/** An import gives another image on every engine that does it: one does, and the image travels to where it is used. */
const importOne = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  // Where it can be built on.
  const id = context.manager.builds.defaultNode();
  const repository = request.query.get('repo') ?? '';
  const tag = request.query.get('tag') ?? '';
  const reply = await forward(context.manager, id, request);
  const names = repository === '' ? [] : [tag === '' ? repository : `${repository}:${tag}`];
  return followTags(context, reply, { nodeId: id, names, signal: request.signal, remark: (status) => ({ status }) });
};

/** One upload for all nodes, held back by the slowest. */
const load = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const nodes = readyNodes(context);
  const { signal } = request;
  const readers = tee(request.body, nodes.length, { clock: context.clock, stallMs });
  const parts = nodes.flatMap(({ id, name }, index) => {
    const body = readers[index];
    if (body === undefined) return [];
    const response = context.manager.engines.request(id, { ...engineRequest(request), body }, signal);
    response.catch(() => body.leave());
    return [{ nodeName: name, response }];
  });
  const remark = (text: string) => ({ stream: `${text}\n` });
  return await progressReply(parts, { signal, remark, undone: 'not loaded' });
};

/** From one node that has all of them; what it lacks travels there first. */
export const save = async (context: DockerContext, request: ApiRequest, names: readonly string[]): Promise<Reply> => {
  const { images } = context.manager;
  const held = await nodesHolding(context, names, request);
  const node = held[0] ?? pickNode(context);
  for (const name of names) {
    const ensured = await images.ensure(node.id, name, { signal: request.signal });
    if (ensured.kind === 'nowhere') break;
  }
  return await forward(context.manager, node.id, request);
};

/** Ready nodes that have any of the images, the one with the most first. */
const nodesHolding = async (
  { manager, clock }: DockerContext,
  names: readonly string[],
  { signal }: ApiRequest,
): Promise<readonly ReadyNode[]> => {
  const counts = new Map<string, { readonly node: ReadyNode; count: number }>();
  for (const name of names) {
    const { holders } = await findImage(manager, name, { clock, signal });
    for (const { nodeId: id, nodeName } of holders) {
      const entry = counts.get(id) ?? { node: { id, name: nodeName }, count: 0 };
      entry.count += 1;
      counts.set(id, entry);
    }
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count).map(({ node }) => node);
};
