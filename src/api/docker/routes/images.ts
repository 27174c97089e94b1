import * as z from 'zod';
import { askEngines, engineMessage, readAnswer, readAnswerJson } from '../../../manager/engines/ask.ts';
import { current, findImage, imagePath } from '../../../manager/images/holders.ts';
import type { Found, Holder } from '../../../manager/images/holders.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { doubtfulNames, imageSummary, isDangling, mergeImages, mergeInspections } from '../convert/images.ts';
import type { ImageSummary, Meant } from '../convert/images.ts';
import { readFilters } from '../filters.ts';
import type { Filters } from '../filters.ts';
import { forward, targetOf } from '../forward.ts';
import { refusalOf, refusedByOne } from '../image-refusal.ts';
import { pruneEverywhere } from '../image-prune.ts';
import { namesFollow } from '../image-tags.ts';
import { missingHeaders, withWarnings } from '../missing.ts';
import { namedNodes, pickNode } from '../nodes.ts';
import { save } from './image-transfer.ts';
import { removeImage } from './image-remove.ts';
import { asSpoken } from '../version.ts';

/** Images of all nodes as of one engine. Names have slashes, so the end of the path says what is asked of one. */
export const imageRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/images/json', async (request) => await list(context, request)],
  ['GET', '/images/search', async (request) => await forward(context.manager, pickNode(context).id, request)],
  ['POST', '/images/prune', async (request) => await prune(context, request)],
  ['GET', '/images/*', async (request) => await read(context, request)],
  ['POST', '/images/*', async (request) => await change(context, request)],
  ['DELETE', '/images/*', async (request) => await removeImage(context, request, paramOf(request, '*'))],
];

const split = (request: ApiRequest): { readonly name: string; readonly action: string } => {
  const path = paramOf(request, '*');
  const slash = path.lastIndexOf('/');
  return { name: path.slice(0, Math.max(0, slash)), action: path.slice(slash + 1) };
};

const noPage = (): Reply => json({ message: 'page not found' }, 404);

const read = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { name, action } = split(request);
  switch (action) {
    case 'json':
      return await inspect(context, request, name);
    case 'history':
      return await atHolder(context, request, name);
    case 'get':
      return await save(context, request, [name]);
    default:
      return noPage();
  }
};

const change = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { name, action } = split(request);
  switch (action) {
    case 'tag':
      return await tag(context, request, name);
    case 'push':
      return await push(context, request, name);
    default:
      return noPage();
  }
};

const find = async (
  { manager, clock }: DockerContext,
  { version, signal }: ApiRequest,
  name: string,
  query = '',
): Promise<Found> => await findImage(manager, name, { clock, signal, query, ...asSpoken({ version }) });

const list = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager, clock } = context;
  const filters = readFilters(request, ['before', 'dangling', 'label', 'node', 'reference', 'since', 'until']);
  const { version, signal } = request;
  const bounds = await createdBounds(context, request, filters);
  if ('kind' in bounds) return bounds;
  const { answers, missing } = await askEngines(
    manager,
    {
      method: 'GET',
      path: listTarget(request, filters),
      ...asSpoken({ version }),
    },
    readList,
    { clock, signal, nodes: namedNodes(manager, filters) },
  );
  for (const { value } of answers) if (value instanceof TuttiError) throw value;
  const lists = answers.flatMap(({ nodeName: node, value }) =>
    value instanceof TuttiError ? [] : [{ nodeName: node, images: value }],
  );
  const merged = mergeImages(lists, await meantBy(context, request, doubtfulNames(lists)));
  const dangling = filters.get('dangling')?.some((value) => ['1', 'true'].includes(value));
  const fitting = merged.filter(
    (image) => (dangling === undefined || isDangling(image) === dangling) && withinBounds(image, bounds),
  );
  return { ...json(fitting), headers: missingHeaders(missing) };
};

/** More than these are shown at the newer image: nobody reads on so far. */
const mostDoubts = 50;

/** What inspecting would say that the names mean: engines list no times of naming. */
const meantBy = async (context: DockerContext, request: ApiRequest, names: readonly string[]): Promise<Meant> => {
  const meant = new Map<string, string>();
  for (const name of names.slice(0, mostDoubts)) {
    const [holder] = current((await find(context, request, name)).holders);
    if (holder !== undefined) meant.set(name, holder.image.Id);
  }
  return meant;
};

/** What an engine lists; its refusal of the query, which all engines would give. */
const readList = async (response: NodeResponse): Promise<readonly ImageSummary[] | TuttiError> => {
  const { status } = response;
  if (status < 400 || status >= 500) return z.array(imageSummary).parse(await readAnswerJson(response));
  return new TuttiError(
    'invalid-argument',
    engineMessage(await readAnswer(response)) ?? `the engine answered ${status}`,
  );
};

/** What engines can tell by themselves; `before` and `since` name images that they may not have. */
const listTarget = (request: ApiRequest, filters: Filters): string => {
  const query = new URLSearchParams(request.query);
  const own = [...filters].filter(([name]) => ['label', 'reference', 'until', 'dangling'].includes(name));
  query.delete('filters');
  if (own.length > 0) query.set('filters', JSON.stringify(Object.fromEntries(own)));
  return targetOf({ path: '/images/json', query });
};

interface Bounds {
  /** Seconds since the epoch. */
  readonly before?: number;
  readonly since?: number;
}

const createdBounds = async (
  context: DockerContext,
  request: ApiRequest,
  filters: Filters,
): Promise<Bounds | Reply> => {
  const bounds: { before?: number; since?: number } = {};
  for (const side of ['before', 'since'] as const) {
    for (const name of filters.get(side) ?? []) {
      const found = await find(context, request, name);
      const [holder] = current(found.holders);
      if (holder === undefined) return refusalOf(found, name);
      bounds[side] = Math.floor((Date.parse(holder.image.Created ?? '') || 0) / 1000);
    }
  }
  return bounds;
};

const withinBounds = ({ Created }: ImageSummary, { before, since }: Bounds): boolean =>
  (before === undefined || Created < before) && (since === undefined || Created > since);

const inspect = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
  const found = await find(context, request, name, query);
  const holders = current(found.holders);
  const [first] = holders;
  if (first === undefined) return refusalOf(found, name);
  const asked = new Set([...holders, ...found.missing].map(({ nodeId }) => nodeId));
  const others = context.manager.queries.nodes().filter(({ node }) => !asked.has(node.id));
  // Others may have it under other names only.
  const { version, signal } = request;
  const more =
    others.length === 0
      ? []
      : (
          await findImage(context.manager, first.image.Id, {
            clock: context.clock,
            signal,
            nodes: others,
            query,
            ...asSpoken({ version }),
          })
        ).holders;
  return { ...json(mergeInspections([...holders, ...more])), headers: missingHeaders(found.missing) };
};

/** Passes the request on to a node that has the image. */
const atHolder = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const found = await find(context, request, name);
  const [holder] = current(found.holders);
  if (holder === undefined) return await refusedByOne(context, request, found);
  return await forward(context.manager, holder.nodeId, request);
};

/** On every node that has the image; where the name meant another one until now, it means this one from here on. */
const tag = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const { manager, clock } = context;
  const { signal } = request;
  const found = await find(context, request, name);
  const holders = current(found.holders);
  const [first] = holders;
  if (first === undefined) return await refusedByOne(context, request, found);
  const { answers, missing } = await askEngines(
    manager,
    { method: 'POST', path: targetOf({ path: `${imagePath(first.image.Id)}/tag`, query: request.query }) },
    async (response) => ({ status: response.status, text: await readAnswer(response) }),
    { clock, signal, nodes: holders.map(({ record }: Holder) => record) },
  );
  const refused = answers.find(({ value }) => value.status >= 300);
  if (refused !== undefined) {
    const headers = { 'content-type': 'application/json' };
    return { kind: 'text', status: refused.value.status, text: refused.value.text, headers };
  }
  const repository = request.query.get('repo') ?? '';
  const given = request.query.get('tag') ?? '';
  const names = [given === '' ? repository : `${repository}:${given}`];
  const failures = await namesFollow(context, { nodeId: first.nodeId, names, signal });
  const headers = missingHeaders([...found.missing, ...missing]);
  return withWarnings({ kind: 'empty', status: 201, headers }, failures);
};

/** From a node that has it; where none has, an engine says so in its own way. */
const push = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const given = request.query.get('tag') ?? '';
  const { holders } = await find(context, request, given === '' ? name : `${name}:${given}`);
  const [holder] = current(holders);
  return await forward(context.manager, holder?.nodeId ?? pickNode(context).id, request);
};

const pruned = z.looseObject({
  ImagesDeleted: z.array(z.looseObject({})).nullish(),
  SpaceReclaimed: z.number().nullish(),
});

/** What was freed is the sum over the nodes. */
const mergePruned = (given: readonly unknown[]) => {
  const answers = given.map((answer) => pruned.parse(answer));
  const deleted = answers.flatMap(({ ImagesDeleted }) => ImagesDeleted ?? []);
  const once = new Map(deleted.map((item) => [JSON.stringify(item), item]));
  const space = answers.reduce((sum, { SpaceReclaimed }) => sum + (SpaceReclaimed ?? 0), 0);
  return { ImagesDeleted: [...once.values()], SpaceReclaimed: space };
};

const prune = async (context: DockerContext, request: ApiRequest): Promise<Reply> =>
  await pruneEverywhere(context, request, { filters: ['dangling', 'until', 'label', 'label!'], merge: mergePruned });
